"""Asks an identity provider who somebody is: OpenID Connect, by a code with PKCE.

What the provider says is believed only after its signature, issuer, audience, time and nonce were checked.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any
from urllib.parse import urlencode

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from models.errors import ProviderFailed
from service.settings import IdentityProvider
from service.store.identities import Errand, Person

# Signatures by a key that the provider alone holds; never `none`, never a secret that both sides have.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_SECONDS = 10.0
# Seconds that clocks may differ, and for which what a provider says of itself and its keys is kept.
_LEEWAY, _FRESH = 60, 600.0
_LONGEST_SUBJECT = 255
_LARGEST = 1 << 20  # bytes of one answer


class Provider:
    """The identity provider of an installation. It is asked about itself when the first person comes; safe
    for threads."""

    def __init__(self, known: IdentityProvider, back: str, clock: Callable[[], datetime]) -> None:
        """`back` is our address that people come back to."""
        self._known, self._back, self._clock = known, back, clock
        self._lock = Lock()
        self._told: tuple[float, Mapping[str, Any], Any] | None = None

    def address(self, errand: Errand) -> str:
        """Where the browser goes to sign in.

        Raises:
            ProviderFailed: the provider can't be asked about itself.
        """
        about, _ = self._about()
        with self._client() as client:
            url, _ = client.create_authorization_url(
                about["authorization_endpoint"], state=errand.state, code_verifier=errand.verifier,
                nonce=errand.nonce,
            )  # fmt: skip
        return str(url)

    def person(self, errand: Errand, code: str, issuer: str | None) -> Person:
        """Whom the provider means by `code`, which came back from it, maybe with its name (`issuer`).

        Raises:
            ProviderFailed: it does not take the code, can't be reached, or what it says can't be trusted.
        """
        about, _ = self._about()
        if issuer is None and about.get("authorization_response_iss_parameter_supported"):
            raise ProviderFailed("登录的答复没有写明来自哪里")
        if issuer not in (None, self._known.issuer):
            raise ProviderFailed("登录的答复来自别处")
        try:
            with self._client() as client:
                answer = client.fetch_token(
                    about["token_endpoint"], code=code, code_verifier=errand.verifier,
                    grant_type="authorization_code",
                )  # fmt: skip
                claims = self.checked(str(answer.get("id_token")), errand.nonce, answer.get("access_token"))
                more = claims if self._known.claim in claims else self._asked(client, claims["sub"])
        except (OAuthError, httpx2.HTTPError, ValueError, KeyError, TypeError) as error:
            raise ProviderFailed(f"没有从单位账号得到答复：{type(error).__name__}") from error
        return _person(self._known, claims, more)

    def way_out(self, back: str) -> str | None:
        """Where the browser goes to leave the provider too, and comes `back` from; None where it can't."""
        try:
            place = self._about()[0].get("end_session_endpoint")
        except ProviderFailed:
            return None
        wanted = urlencode({"client_id": self._known.client, "post_logout_redirect_uri": back})
        return f"{place}{'&' if '?' in place else '?'}{wanted}" if place else None

    def checked(self, token: str, nonce: str, access_token: str | None = None) -> Mapping[str, Any]:
        """The claims of an ID token that the provider made for us, and for this errand.

        Raises:
            ProviderFailed: it did not.
        """
        for fresh in (False, True):
            _, keys = self._about(again=fresh)
            try:
                told = jwt.decode(token, keys, algorithms=list(_ALGORITHMS))
                break
            except (JoseError, ValueError) as error:
                # Keys change; one that is not known yet is asked for once.
                if fresh:
                    raise ProviderFailed("单位账号的签名不对") from error
        known = self._known
        claims = CodeIDToken(
            told.claims, told.header,
            {"iss": {"essential": True, "value": known.issuer},
             "aud": {"essential": True, "value": known.client}},
            {"client_id": known.client, "nonce": nonce, "access_token": access_token},
        )  # fmt: skip
        try:
            claims.validate(now=int(self._clock().timestamp()), leeway=_LEEWAY)
        except (JoseError, ValueError, TypeError) as error:
            raise ProviderFailed(f"单位账号的答复不能采信：{error}") from error
        return dict(told.claims)

    def _asked(self, client: OAuth2Client, subject: str) -> Mapping[str, Any]:
        """What the provider says beside the ID token, of the same person."""
        place = self._about()[0].get("userinfo_endpoint")
        if not place:
            return {}
        answer = client.get(place)
        answer.raise_for_status()
        more = answer.json()
        if not isinstance(more, dict) or more.get("sub") != subject:
            raise ProviderFailed("单位账号的答复说的是另一个人")
        return more

    def _about(self, *, again: bool = False) -> tuple[Mapping[str, Any], Any]:
        """(what the provider says of itself, its keys)."""
        with self._lock:
            now = self._clock().timestamp()
            if self._told is None or again or not 0 <= now - self._told[0] < _FRESH:
                self._told = (now, *self._learn())
            return self._told[1:]

    def _learn(self) -> tuple[Mapping[str, Any], Any]:
        issuer = self._known.issuer
        try:
            with httpx2.Client(timeout=_SECONDS) as client:
                about = OpenIDProviderMetadata(_json(client, get_well_known_url(issuer, external=True)))
                if about.get("issuer") != issuer:
                    raise ProviderFailed("单位账号自称的地址与 SEALFORM_OIDC_ISSUER 不同")
                for place in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    if not _is_near(str(about.get(place)), issuer):
                        raise ProviderFailed(f"单位账号的 {place} 不能使用")
                keys = jwk.KeySet.import_key_set(_json(client, about["jwks_uri"]))  # type: ignore[arg-type]
        except (httpx2.HTTPError, httpx2.InvalidURL, JoseError, ValueError, TypeError) as error:
            raise ProviderFailed(f"无法使用单位账号登录：{type(error).__name__}") from error
        return about, keys

    def _client(self) -> OAuth2Client:
        known = self._known
        return OAuth2Client(
            known.client, known.secret, scope=known.scope, redirect_uri=self._back, timeout=_SECONDS,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if known.secret else "none",
        )  # fmt: skip


def _json(client: httpx2.Client, url: str) -> dict[str, Any]:
    with client.stream("GET", url) as answer:
        answer.raise_for_status()
        text = b""
        for piece in answer.iter_bytes():
            text += piece
            if len(text) > _LARGEST:
                raise ValueError("too large")
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _is_near(url: str, issuer: str) -> bool:
    """Whether an address is as private as the issuer's own."""
    return url.startswith("https://") or (issuer.startswith("http://") and url.startswith("http://"))


def _person(known: IdentityProvider, claims: Mapping[str, Any], more: Mapping[str, Any]) -> Person:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise ProviderFailed("单位账号没有说明是谁")
    both = {**more, **claims}
    groups = both.get(known.claim)
    said = groups if isinstance(groups, list) else [groups]
    return Person(
        known.issuer, subject, _text(both.get("preferred_username")) or subject, _text(both.get("name")),
        frozenset(one for one in said if isinstance(one, str)),
    )  # fmt: skip


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
