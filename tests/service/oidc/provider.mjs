// An identity provider for tests: oidc-provider with its own pages for signing in, on a port of the loopback address. What it knows comes as
// JSON in the environment: { port, issuer, people: { subject: claims }, clients, conforming }.

import { Provider } from "oidc-provider";

const { port, issuer, people, clients, conforming } = JSON.parse(process.env.PROVIDER);

const provider = new Provider(issuer ?? `http://127.0.0.1:${port}`, {
  clients,
  // Where this is on, claims stand in the answer of userinfo alone, as the standard has it.
  conformIdTokenClaims: conforming,
  claims: { openid: ["sub"], profile: ["name", "preferred_username", "email", "groups"] },
  cookies: { keys: ["only for tests"] },
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  findAccount: (_, id) => (id in people ? { accountId: id, claims: () => ({ sub: id, ...people[id] }) } : undefined),
});
provider.listen(port, "127.0.0.1");
