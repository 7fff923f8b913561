// Administration: one section at a time, named by the address, each loaded when it is first looked at.

import { auditSection } from "./admin_audit.js";
import { tokenSection } from "./admin_tokens.js";
import { userSection } from "./admin_users.js";
import { webhookSection } from "./admin_webhooks.js";
import { $$, $ } from "./dom.js";
import { tell } from "./toast.js";

const SECTIONS = { users: userSection, tokens: tokenSection, webhooks: webhookSection, audit: auditSection };
const loaded = new Set();

function show(move = true) {
  const wanted = location.hash.slice(1) in SECTIONS ? location.hash.slice(1) : "users";
  for (const name of Object.keys(SECTIONS)) $(`#${name}`).hidden = name !== wanted;
  for (const link of $$(".tabs a")) {
    if (link.hash === `#${wanted}`) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  if (move) $(`#${wanted} h2`).focus({ preventScroll: true });
  if (!loaded.has(wanted)) {
    loaded.add(wanted);
    SECTIONS[wanted]().catch(tell);
  }
}

addEventListener("hashchange", () => show());
show(false);
