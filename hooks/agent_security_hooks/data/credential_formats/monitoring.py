"""Monitoring and analytics.

Public sources: gitleaks/betterleaks, kingfisher, trufflehog, credsweeper.
"""

from agent_security_hooks.data.credential_formats.form import UUID, Format

# fmt: off
FORMATS: tuple[Format, ...] = (
    Format("sentry-org", "Sentry organisation token", (b"sntrys_",), rb"eyJpYXQiO[A-Za-z0-9+/=]{20,512}_[A-Za-z0-9+/]{43}", "SENTRY_AUTH_TOKEN", "https://sentry.io/settings/auth-tokens/", "base64-json"),
    Format("sentry-user", "Sentry user token", (b"sntryu_",), rb"[0-9a-fA-F]{64}", "SENTRY_AUTH_TOKEN", "https://sentry.io/settings/account/api/auth-tokens/"),
    Format("grafana-api-key", "Grafana API key", (b"eyJrIjoi",), rb"[A-Za-z0-9+/_-]{40,380}={0,2}", "GRAFANA_API_KEY", "https://grafana.com/docs/grafana/latest/administration/api-keys/"),
    Format("grafana-cloud", "Grafana Cloud access policy token", (b"glc_",), rb"[A-Za-z0-9+/]{40,400}={0,2}", "GRAFANA_CLOUD_API_KEY", "https://grafana.com/orgs"),
    Format("grafana-service-account", "Grafana service account token", (b"glsa_",), rb"[A-Za-z0-9_-]{32}_[0-9A-Fa-f]{8}", "GRAFANA_TOKEN", "https://grafana.com/docs/grafana/latest/administration/service-accounts/"),
    Format("newrelic-user", "New Relic user key", (b"NRAK-",), rb"[A-Za-z0-9]{27}", "NEW_RELIC_API_KEY", "https://one.newrelic.com/api-keys"),
    Format("newrelic-insert", "New Relic insert key", (b"NRII-",), rb"[\w-]{25,32}", "NEW_RELIC_INSERT_KEY", "https://one.newrelic.com/api-keys"),
    Format("newrelic-browser", "New Relic browser key", (b"NRJS-", b"NRBR-"), rb"[0-9a-zA-Z]{19,20}", "NEW_RELIC_BROWSER_KEY", "https://one.newrelic.com/api-keys"),
    Format("newrelic-license", "New Relic license key", (b"NRA",), rb"L", "NEW_RELIC_LICENSE_KEY", "https://one.newrelic.com/api-keys", before=rb"(?<![0-9a-z])[0-9a-z]{5}[0-9a-f]{31}$"),
    Format("dynatrace", "Dynatrace token", (b"dt0c01.", b"dt0s01.", b"dt0s02.", b"dt0s16."), rb"[A-Za-z0-9-]{8,128}\.[A-Za-z0-9]{64}", "DT_API_TOKEN", "https://docs.dynatrace.com/docs/manage/identity-access-management/access-tokens-and-oauth-clients/access-tokens"),
    Format("honeycomb", "Honeycomb ingest key", (b"hcaik_", b"hcbik_", b"hccik_", b"hcxik_"), rb"[A-Za-z0-9]{58}", "HONEYCOMB_API_KEY", "https://ui.honeycomb.io/account"),
    Format("axiom", "Axiom API token", (b"xaat-", b"xapt-"), UUID, "AXIOM_TOKEN", "https://app.axiom.co/settings/api-tokens"),
    Format("rootly", "Rootly API key", (b"rootly_",), rb"[0-9a-fA-F]{64}", "ROOTLY_API_KEY", "https://rootly.com/account/organizations/api"),
    Format("pagerduty", "PagerDuty API token", (b"u+",), rb"[\w+-]{18}", "PAGERDUTY_TOKEN", "https://support.pagerduty.com/main/docs/api-access-keys", before=b"pagerduty|pd[_-]"),
    Format("posthog-personal", "PostHog personal API key", (b"phx_",), rb"[\w-]{41,60}", "POSTHOG_PERSONAL_API_KEY", "https://app.posthog.com/settings/user-api-keys"),
    Format("posthog-secret", "PostHog secret API key", (b"phs_",), rb"[A-Za-z0-9]{40,60}", "POSTHOG_SECRET_API_KEY", "https://app.posthog.com/settings/project"),
    Format("posthog-oauth", "PostHog OAuth token", (b"pha_", b"phr_"), rb"[A-Za-z0-9]{40,60}", "POSTHOG_ACCESS_TOKEN", "https://app.posthog.com/settings/user"),
    Format("posthog-project", "PostHog project key", (b"phc_",), rb"[\w-]{41,60}", "POSTHOG_KEY", "", public=True),
    Format("datadog-client", "Datadog client token", (b"pub",), rb"[0-9a-f]{32}", "DD_CLIENT_TOKEN", "", public=True),
    Format("pirsch", "Pirsch access key", (b"pa_",), rb"[A-Za-z0-9]{32,48}", "PIRSCH_ACCESS_KEY", "https://dashboard.pirsch.io/settings/integration", before=b"pirsch"),
    Format("ubidots", "Ubidots token", (b"BBUS-",), rb"[A-Za-z0-9]{28,40}", "UBIDOTS_TOKEN", "https://industrial.ubidots.com"),
    Format("wakatime", "WakaTime API key", (b"waka_",), rb"(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9]{36,64})", "WAKATIME_API_KEY", "https://wakatime.com/settings/api-key"),
)
# fmt: on
