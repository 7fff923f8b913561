// The service's API from a page: JSON in and out, the CSRF token, versions by If-Match, problems as errors with Chinese messages.
//
//   const { items, next } = await get("/submissions", { status: "in-review" });
//   const { body, etag } = await ask("/submissions/7");
//   await send("PATCH", "/submissions/7/fields", { changes }, { version: 3 });     // If-Match: "3"
//   try { … } catch (problem) { if (problem.code === "stale") …; tell(problem); }
//
// Paths are relative to /api/v1. Every failure is a Problem; `problem.offline` means that the service was not reached, so that
// nothing is known to have happened and the same request may be sent again. The queue for that is outbox.js, live news is live.js.

export { Outbox } from "./outbox.js";
export { live } from "./live.js";

export const BASE = "/api/v1";

const USUAL = {
  400: "请求有误", 401: "登录已过期", 403: "没有权限", 404: "没有找到", 405: "不支持这样操作", 409: "内容已被其他人修改",
  412: "内容已被其他人修改", 413: "内容太大", 422: "内容不符合要求", 429: "操作太频繁", 500: "服务出错了", 502: "服务暂时不可用",
  503: "服务暂时不可用", 504: "服务暂时没有回应",
};
const ADVICE = {
  401: "请重新登录", 403: "如确需使用，请联系管理员", 500: "请稍后再试；一直如此的，请联系管理员", 502: "请稍后再试",
  503: "请稍后再试", 504: "请稍后再试",
};

/** What went wrong: `status` (0: not reached), `code`, `detail` and `advice` in Chinese, `body` the whole problem document. */
export class Problem extends Error {
  constructor(status, body = {}) {
    const detail = body.detail || body.title || USUAL[status] || `服务回应 ${status}`;
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.offline = status === 0;
    this.code = body.code ?? (status === 0 ? "offline" : `http-${status}`);
    this.detail = detail;
    this.advice = body.advice ?? ADVICE[status] ?? "";
    this.body = body;
  }

  /** One sentence for the user: what happened, and what to do. */
  get sentence() {
    return this.advice ? `${this.detail}。${this.advice}` : this.detail;
  }
}

/** A problem of a service that was not reached. */
export function unreached() {
  return new Problem(0, { detail: "连接不上服务", advice: "请检查网络；恢复后会自动重试" });
}

function csrf() {
  return document.body.dataset.csrf ?? "";
}

/** The address of an API path with a query; empty values are left out, an array is repeated. */
export function address(path, query = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") search.append(name, one);
    }
  }
  const text = search.toString();
  return `${BASE}${path}${text ? `?${text}` : ""}`;
}

/** GET a path; gives the body. `signal` breaks it off. */
export async function get(path, query = {}, { signal } = {}) {
  return (await ask(path, query, { signal })).body;
}

/** GET with the version: { body, version, headers }. */
export async function ask(path, query = {}, { signal } = {}) {
  return request(address(path, query), { signal });
}

/**
 * Send a change; gives the body (null for 204). `body` is JSON, FormData for files, or a Blob of another type. `version` becomes If-Match, `key` the
 * Idempotency-Key; `keepalive` lets it outlive the page.
 */
export async function send(method, path, body = null, { version, key, signal, query, keepalive } = {}) {
  const headers = { "X-CSRF-Token": csrf() };
  if (version !== undefined && version !== null) headers["If-Match"] = `"${version}"`;
  if (key) headers["Idempotency-Key"] = key;
  const isReady = body instanceof FormData || body instanceof Blob;
  if (body !== null && !isReady) headers["Content-Type"] = "application/json";
  const sent = { method, headers, signal, keepalive, body: body === null ? undefined : isReady ? body : JSON.stringify(body) };
  return (await request(address(path, query ?? {}), sent)).body;
}

async function request(url, options) {
  const response = await reached(url, options);
  const type = response.headers.get("Content-Type") ?? "";
  const text = await connected(response.text()); // an answer whose connection ends before it is whole is none
  if (!response.ok) throw refusal(response.status, type.includes("json") ? parsed(text) : {});
  const body = response.status === 204 ? null : type.includes("json") ? JSON.parse(text) : text;
  const tag = /"(\d+)"/.exec(response.headers.get("ETag") ?? "");
  return { body, version: tag ? Number(tag[1]) : null, headers: response.headers };
}

function reached(url, options) {
  return connected(fetch(url, { credentials: "same-origin", ...options }));
}

async function connected(promise) {
  try {
    return await promise;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw unreached();
  }
}

/** The problem that a refused answer bears; a session that has ended is told to the whole page. */
export function refusal(status, body) {
  const problem = new Problem(status, body ?? {});
  if (status === 401 && document.body.dataset.user) dispatchEvent(new CustomEvent("sealform:signed-out"));
  return problem;
}

/**
 * Upload with progress: `form` is FormData, `onProgress(0..1)` tells how much was sent. XMLHttpRequest, because fetch does not
 * say how much of a body has gone out.
 */
export function upload(path, form, { key, onProgress, query = {} } = {}) {
  return new Promise((done, failed) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", address(path, query));
    sending.responseType = "text";
    sending.setRequestHeader("X-CSRF-Token", csrf());
    if (key) sending.setRequestHeader("Idempotency-Key", key);
    sending.upload.onprogress = (event) => event.lengthComputable && onProgress?.(event.loaded / event.total);
    sending.onerror = () => failed(unreached());
    sending.ontimeout = () => failed(unreached());
    sending.onload = () => {
      const body = parsed(sending.responseText);
      if (sending.status >= 200 && sending.status < 300) done(body);
      else failed(refusal(sending.status, body));
    };
    sending.send(form);
  });
}

/**
 * Fetch a file that a POST makes and hand it to the browser as a download. Gives { name, blob, headers }; with `keep` it is not
 * saved, only given back (for previews).
 */
export async function download(path, { method = "GET", body = null, query = {}, keep = false, name = "" } = {}) {
  const headers = method === "GET" ? {} : { "X-CSRF-Token": csrf() };
  const response = await reached(address(path, query), { method, headers, body });
  if (!response.ok) {
    const isJson = (response.headers.get("Content-Type") ?? "").includes("json");
    throw refusal(response.status, isJson ? parsed(await connected(response.text())) : {});
  }
  const blob = await connected(response.blob());
  const file = named(response.headers.get("Content-Disposition")) || name || "download";
  if (!keep) saveAs(blob, file);
  return { name: file, blob, headers: response.headers };
}

/** JSON, or null for what is not: a proxy's page. */
function parsed(text) {
  try { return JSON.parse(text); } catch { return null; }
}

function named(disposition) {
  const extended = /filename\*=(?:UTF-8|utf-8)''([^;]+)/.exec(disposition ?? "");
  if (extended) return decodeURIComponent(extended[1]);
  return /filename="?([^";]+)"?/.exec(disposition ?? "")?.[1] ?? "";
}

function saveAs(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A key for one request that may be sent several times. (crypto.randomUUID needs https, which an intranet may not have.) */
export function freshKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
