"""Which names promise a secret. A name is read as words (`dbPassword`, `DB_PASSWORD` -> db, password) and its head noun decides."""

from __future__ import annotations

from functools import lru_cache

from agent_security_hooks.data.provider_names import PROVIDER_NAMES
from agent_security_hooks.parse.pattern import Pattern

STRONG, MEDIUM, WEAK, NONE = 3, 2, 1, 0

_SPLIT = Pattern(rb"[A-Z]{2,64}(?![a-z])|[A-Z]?[a-z]{1,64}|[A-Z]|[0-9]{1,64}")

# Words that are a secret by themselves, as the head of a name.
_SECRETS = frozenset(
    b"password passwd passwrd pwd passphrase passcode pass pw psw pswd secret secrets token tokens credential credentials creds cred apikey apikeys apitoken "
    b"accesstoken authtoken authkey accesskey secretkey privatekey clientsecret appsecret pat bearer secretaccesskey webhooksecret masterkey userpass dbpass "
    b"mypass dbpassword rootpassword userpassword sharedaccesskey accountkey signingkey encryptionkey apisecret sessiontoken securitytoken servicekey "
    b"sshpass passwort contrasena senha kennwort authorization keypass storepass dbpasswd requirepass masterauth".split()
)
_SECRET_ENDINGS = (b"token", b"key", b"secret", b"password", b"auth", b"pat")
_PASSWORDS = frozenset(
    b"password passwd passwrd pwd passphrase passcode pass pw psw pswd userpass dbpass mypass dbpassword rootpassword userpassword sshpass passwort senha "
    b"kennwort contrasena keypass storepass dbpasswd requirepass masterauth".split()
)
# What makes a `key` (or `auth`, `hash`, `salt`) a secret one.
_KEY_QUALIFIERS = PROVIDER_NAMES | frozenset(
    b"api access secret private auth refresh id identity oauth encryption encrypt crypt crypto cipher signing signature sign master account shared storage "
    b"service admin license licence app application client deploy write read session cookie hmac jwt aes des rsa ssh integration ingest webhook subscription "
    b"server bearer partner developer dev prod production live project user team org ai gcp gateway exa together fireworks voyage jina heroku vault consul maps "
    b"geocoding captcha auth0 square linear notion jira travis sonar nuget npm pypi docker quay ably box steam riot weather bot adyen beamer travis kraken "
    b"prefect neon render replicate railway temporal modal sanity mux resend postgres mysql redis mongo kafka rabbitmq elastic airflow jenkins".split()
)
_WEAK_HEADS = frozenset(b"key keys auth authkey signature sig salt seed nonce pin otp dsn webhook session sid jwt sas cert".split())
# Words after the head that say nothing: `API_KEY_PROD`, `password2`, `token_value`.
_FILLERS = frozenset(
    b"value val string str text plain plaintext base64 b64 env default prod production dev development staging test testing live old new current primary "
    b"secondary main backup raw data one two read write rw ro admin root user db database base encoded us eu stg uat qa local here my const var".split()
)
# Words that turn a secret's name into the name of something about it.
_ABOUT = frozenset(
    b"id ids name names url uri urls endpoint path paths file files filename dir directory folder type types kind length len size count counts limit max min "
    b"maximum minimum ttl expiry expires expire expiration expired timeout lifetime age date time timestamp field fields input label placeholder hint "
    b"prompt form column header headers prefix suffix regex pattern format formatter validator validation error errors message msg title description desc help "
    b"reset forgot policy rule rules strength required optional enabled disabled visible hash hashed hashing digest fingerprint checksum "
    b"ref reference arn vault manager store storage provider factory service class object model "
    b"index map mapping dict list array set table row cell group public pub publishable anon vocab vocabulary "
    b"usage used budget price cost per rate embedding embeddings position positions scope scopes issuer audience subject "
    b"encoding encoder decoder encrypter cipher algorithm alg algo method mode action event handler callback listener hook "
    b"generator parser lexer scanner stream buffer iterator kwarg kwargs arg args param params parameter option options setting settings config "
    b"template example sample page link text button icon image css style color theme".split()
)
# Words before the head that make it harmless: `primary_key`, `pad_token`, `csrf_token`, `public_key`, `max_tokens`.
_HARMLESS_BEFORE = frozenset(
    b"public hashed encrypted sealed masked redacted primary foreign sort partition cache row col column object dict hash map index unique composite natural surrogate candidate "
    b"pad eos bos unk sep cls mask start end stop begin special added extra image audio video next previous prev continuation continue page "
    b"paging pagination cursor sync resume max min num n total prompt completion input output generated cached reasoning csrf xsrf "
    b"anti request verification idempotency dedupe deduplication routing lookup search query filter facet group "
    b"i18n translation message locale label field form state redux react hot arrow shift ctrl alt meta escape enter tab space delete home "
    b"function fn method property attr attribute prop config setting option json yaml env header cookie metadata meta tag s3 blob bucket "
    b"context scope type class test bypass compass whitespace operator keyword punctuation comment identifier literal delimiter bos lock mutex "
    b"publishable anon event partition shard cluster clustering bind binding press pressed by render pixel recv".split()
)


# A name that says itself that nothing depends on the value.
_STAND_INS = frozenset(b"dummy fake mock mocked sample example placeholder bogus".split())


def split(name: bytes) -> list[bytes]:
    """The words of a name, lower-case; numbers are words."""
    return [word.lower() for word in _SPLIT.findall(name)]


@lru_cache(maxsize=4096)
def strength(name: bytes) -> int:
    """STRONG (password, apiKey), MEDIUM (a key of something), WEAK (key, auth, salt) or NONE."""
    words = split(name[-120:])
    while words and (words[-1].isdigit() or len(words) > 1 and words[-1] in _FILLERS and _has_secret(words[:-1])):
        words.pop()
    if not words:
        return NONE
    head, before = words[-1], words[-2] if len(words) > 1 else b""
    if not _STAND_INS.isdisjoint(words):
        return NONE
    if head in _ABOUT or b"public" in words and head not in _PASSWORDS:
        return NONE
    if before in _HARMLESS_BEFORE and head not in _PASSWORDS and not (head in (b"token", b"secret", b"key") and before in _KEY_QUALIFIERS):
        return NONE
    if head in _SECRETS:
        if head == b"token" and before and before not in _KEY_QUALIFIERS and not before.endswith(_SECRET_ENDINGS):
            return MEDIUM
        if head in (b"pass", b"pw") and not before:
            return STRONG
        return MEDIUM if head in (b"pass", b"pw", b"tokens", b"pat", b"bearer", b"cred", b"authorization") else STRONG
    if head in (b"key", b"keys"):
        if before in _KEY_QUALIFIERS:
            return STRONG
        return MEDIUM if before else WEAK
    if head in _WEAK_HEADS:
        return WEAK
    if len(words) > 1 and _has_secret(words[:-1]):
        return strength(b"_".join(words[:-1])) if head in _KEY_QUALIFIERS else WEAK
    joined = b"".join(words)
    return (
        STRONG
        if joined.endswith(
            (
                b"apikey",
                b"apitoken",
                b"accesskey",
                b"secretkey",
                b"authtoken",
                b"accesstoken",
                b"password",
                b"passwd",
                b"clientsecret",
                b"apisecret",
                b"appsecret",
                b"privatekey",
                b"passphrase",
            )
        )
        else NONE
    )


def _has_secret(words: list[bytes]) -> bool:
    return any(word in _SECRETS or word in _WEAK_HEADS for word in words)


@lru_cache(maxsize=1024)
def is_password(name: bytes) -> bool:
    """Whether people make up what the name holds, rather than generate it."""
    words = [word for word in split(name[-120:]) if not word.isdigit()]
    while words and words[-1] in _FILLERS:
        words.pop()
    return bool(words) and words[-1] in _PASSWORDS


@lru_cache(maxsize=1024)
def names_provider(name: bytes) -> bool:
    """Whether the name is that of a service that issues keys and nothing more: `giphy`, `ATLASSIAN_v3`."""
    words = [word for word in split(name[-60:]) if not word.isdigit() and word not in _FILLERS and len(word) > 1]
    return bool(words) and (b"".join(words) in PROVIDER_NAMES or len(words) == 1 and words[0] in PROVIDER_NAMES)
