"""Messaging, mail, social.

Public sources: gitleaks/betterleaks, kingfisher, trufflehog, noseyparker, credsweeper, detect-secrets, veles.
"""

from agent_security_hooks.data.credential_formats.form import EDGE, Format

# fmt: off
FORMATS: tuple[Format, ...] = (
    Format("slack-bot", "Slack bot token", (b"xoxb-",), rb"\d{8,14}-[A-Za-z0-9-]{10,90}", "SLACK_BOT_TOKEN", "https://api.slack.com/apps"),
    Format("slack-user", "Slack user token", (b"xoxp-", b"xoxe-"), rb"\d{8,15}-\d{8,15}-(?:\d{8,15}-)?[A-Za-z0-9-]{10,66}", "SLACK_USER_TOKEN", "https://api.slack.com/apps"),
    Format("slack-config-refresh", "Slack app configuration refresh token", (b"xoxe-",), rb"\d{1,10}-[A-Za-z0-9]{140,150}", "SLACK_CONFIG_REFRESH_TOKEN", "https://api.slack.com/apps"),
    Format("slack-config-access", "Slack app configuration token", (b"xoxe.xox",), rb"[a-z]-\d{1,10}-[A-Za-z0-9]{150,180}", "SLACK_CONFIG_TOKEN", "https://api.slack.com/apps"),
    Format("slack-workspace", "Slack workspace token", (b"xoxa-", b"xoxr-"), rb"(?:\d-)?[0-9A-Za-z-]{8,150}", "SLACK_TOKEN", "https://api.slack.com/apps"),
    Format("slack-legacy", "Slack legacy token", (b"xoxo-", b"xoxs-"), rb"\d{1,22}-\d{1,22}-\d{1,22}-[0-9a-fA-F]{2,66}", "SLACK_TOKEN", "https://api.slack.com/apps"),
    Format("slack-session", "Slack session token", (b"xoxc-",), rb"\d{9,15}-\d{9,15}-\d{9,15}-[0-9a-fA-F]{64}", "SLACK_SESSION_TOKEN", "https://slack.com/help/articles/214613347"),
    Format("slack-cookie", "Slack session cookie", (b"xoxd-",), rb"[\w/+%-]{100,400}={0,2}", "SLACK_COOKIE", "https://slack.com/help/articles/214613347"),
    Format("slack-app", "Slack app-level token", (b"xapp-",), rb"\d{1,10}-[A-Za-z0-9]{8,15}-[A-Za-z0-9]{10,15}-[A-Za-z0-9]{10,66}", "SLACK_APP_TOKEN", "https://api.slack.com/apps"),
    Format("slack-webhook", "Slack webhook URL", (b"hooks.slack.com/",), rb"(?:services/(?:T[\w-]{8,16}/B[\w-]{8,16}/[\w-]{20,30}|[A-Za-z0-9+/]{43,56})|(?:workflows|triggers)/[A-Za-z0-9+/]{43,90})", "SLACK_WEBHOOK_URL", "https://api.slack.com/apps"),
    Format("discord-webhook", "Discord webhook URL", (b"/api/webhooks/",), rb"[0-9]{16,22}/[\w-]{40,100}", "DISCORD_WEBHOOK_URL", "https://support.discord.com/hc/articles/228383668", before=rb"discord(?:app)?\.com$"),
    Format("discord-mfa", "Discord user token", (b"mfa.",), rb"[\w-]{20,100}", "DISCORD_TOKEN", "https://discord.com/developers/applications", before=b"discord"),
    Format("telegram-bot", "Telegram bot token", (b":A",), rb"[\w-]{34}", "TELEGRAM_BOT_TOKEN", "https://t.me/BotFather", before=rb"(?<![0-9])[0-9]{5,16}$"),
    Format("teams-webhook", "Microsoft Teams webhook URL", (b"office.com/webhook",), rb"(?:b2)?/[\w-]{36}@[\w-]{36}/IncomingWebhook/[A-Za-z0-9]{32}/[\w-]{36}(?:/[\w-]{1,80})?", "TEAMS_WEBHOOK_URL", "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook"),
    Format("zapier-webhook", "Zapier webhook URL", (b"hooks.zapier.com/hooks/catch/",), rb"[0-9]{5,10}/[A-Za-z0-9]{5,12}", "ZAPIER_WEBHOOK_URL", "https://zapier.com/app/zaps"),
    Format("twilio-api-key", "Twilio API key", (b"SK",), rb"[0-9a-fA-F]{32}", "TWILIO_API_KEY", "https://console.twilio.com"),
    Format("twilio-account-sid", "Twilio account id", (b"AC",), rb"[0-9a-f]{32}", "TWILIO_ACCOUNT_SID", "", public=True),
    Format("telnyx", "Telnyx API v2 key", (b"KEY",), rb"[\w-]{55}", "TELNYX_API_KEY", "https://portal.telnyx.com/#/api-keys"),
    Format("plivo-auth-id", "Plivo auth id", (b"MA",), rb"[A-Z0-9]{18}", "PLIVO_AUTH_ID", "https://console.plivo.com", before=b"plivo"),
    Format("sendgrid", "SendGrid API key", (b"SG.",), rb"[\w-]{22}\.[\w-]{43}", "SENDGRID_API_KEY", "https://app.sendgrid.com/settings/api_keys"),
    Format("resend", "Resend API key", (b"re_",), rb"[A-Za-z0-9]{8}_[A-Za-z0-9]{24}", "RESEND_API_KEY", "https://resend.com/api-keys"),
    Format("brevo", "Brevo API key", (b"xkeysib-",), rb"[0-9a-fA-F]{64}-[\w-]{16}", "BREVO_API_KEY", "https://app.brevo.com/settings/keys/api"),
    Format("brevo-smtp", "Brevo SMTP key", (b"xsmtpsib-",), rb"[0-9a-fA-F]{64}-[\w-]{16}", "BREVO_SMTP_KEY", "https://app.brevo.com/settings/keys/smtp"),
    Format("mailgun", "Mailgun private API key", (b"key-",), rb"[0-9a-z]{32}", "MAILGUN_API_KEY", "https://app.mailgun.com/settings/api_security"),
    Format("mailgun-public", "Mailgun public validation key", (b"pubkey-",), rb"[0-9a-f]{32}", "MAILGUN_PUBLIC_KEY", "https://app.mailgun.com/settings/api_security", before=b"mailgun"),
    Format("mailchimp", "Mailchimp API key", (b"-us",), rb"\d{1,2}", "MAILCHIMP_API_KEY", "https://admin.mailchimp.com/account/api/", before=rb"(?<![0-9a-zA-Z])[0-9a-f]{32}$"),
    Format("mailersend", "MailerSend API token", (b"mlsn.",), rb"[A-Za-z0-9]{30,100}", "MAILERSEND_API_TOKEN", "https://app.mailersend.com/api-tokens"),
    Format("onesignal", "OneSignal API key", (b"os_v2_app_", b"os_v2_org_"), rb"[a-z2-7]{103}", "ONESIGNAL_API_KEY", "https://dashboard.onesignal.com"),
    Format("pushbullet", "Pushbullet access token", (b"o.",), rb"[A-Za-z0-9]{32}", "PUSHBULLET_TOKEN", "https://www.pushbullet.com/#settings/account", before=EDGE),
    Format("courier", "Courier auth token", (b"pk_prod_", b"pk_test_", b"dk_prod_", b"dk_test_"), rb"[A-Za-z0-9]{24,40}", "COURIER_AUTH_TOKEN", "https://app.courier.com/settings/api-keys", before=b"courier"),
    Format("gc-notify", "GC Notify API key", (b"gcntfy-",), rb"[\w-]{1,80}-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "NOTIFY_API_KEY", "https://notification.canada.ca"),
    Format("klaviyo", "Klaviyo private API key", (b"pk_",), rb"[A-Za-z0-9]{34}", "KLAVIYO_API_KEY", "https://www.klaviyo.com/settings/account/api-keys", before=b"klaviyo"),
    Format("beamer", "Beamer API key", (b"b_",), rb"[\w=/+-]{44}", "BEAMER_API_KEY", "https://app.getbeamer.com/settings#api", before=b"beamer"),
    Format("hubspot", "HubSpot private app token", (b"pat-",), rb"[a-z0-9]{2,4}-[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", "HUBSPOT_ACCESS_TOKEN", "https://app.hubspot.com"),
    Format("nylas", "Nylas API key", (b"nyk_",), rb"[\w-]{67}", "NYLAS_API_KEY", "https://dashboard-v3.nylas.com"),
    Format("calcom", "Cal.com API key", (b"cal_live_", b"cal_"), rb"[A-Za-z0-9]{32}", "CALCOM_API_KEY", "https://app.cal.com/settings/developer/api-keys"),
    Format("lark-app-id", "Lark or Feishu app id", (b"cli_",), rb"[A-Za-z0-9]{16}", "LARK_APP_ID", "https://open.larksuite.com/app"),
    Format("lark-token", "Lark or Feishu access token", (b"t-", b"u-", b"a-"), rb"[\w.]{14,50}", "LARK_ACCESS_TOKEN", "https://open.larksuite.com/app", before=b"lark|feishu"),
    Format("facebook", "Facebook access token", (b"EAA",), rb"[A-Za-z0-9]{80,800}", "FACEBOOK_ACCESS_TOKEN", "https://developers.facebook.com/tools/debug/accesstoken/"),
    Format("facebook-short", "Facebook access token", (b"EAACEdEose0cBA",), rb"[A-Za-z0-9]{20,800}", "FACEBOOK_ACCESS_TOKEN", "https://developers.facebook.com/tools/debug/accesstoken/"),
    Format("instagram", "Instagram access token", (b"IGQVJ",), rb"[\w=-]{50,800}", "INSTAGRAM_ACCESS_TOKEN", "https://developers.facebook.com/apps"),
    Format("x-bearer", "X (Twitter) app-only bearer token", (b"AAAAAAAAAAAAAAAAAAAAA",), rb"[A-Za-z0-9%]{80,140}", "TWITTER_BEARER_TOKEN", "https://developer.x.com/en/portal/dashboard", infix=b"%3D"),
    Format("x-bearer-named", "X (Twitter) app-only bearer token", (b"AAAAAAAAAAAAAAAAAAAAA",), rb"[\w%-]{40,200}", "TWITTER_BEARER_TOKEN", "https://developer.x.com/en/portal/dashboard", before=b"twitter|x.com|twtr|bearer"),
    Format("vk", "VK access token", (b"vk1.a.",), rb"[\w-]{80,260}", "VK_ACCESS_TOKEN", "https://id.vk.com/account/#/services"),
    Format("pinterest", "Pinterest access token", (b"pina_",), rb"[\w-]{20,200}", "PINTEREST_ACCESS_TOKEN", "https://developers.pinterest.com/apps/"),
    Format("pinterest-refresh", "Pinterest refresh token", (b"pinr_",), rb"[\w.-]{20,300}", "PINTEREST_REFRESH_TOKEN", "https://developers.pinterest.com/apps/"),
    Format("yahoo-client-id", "Yahoo OAuth client id", (b"dj0y",), rb"[\w-]{60,100}--", "YAHOO_CLIENT_ID", "https://developer.yahoo.com/apps/"),
)
# fmt: on
