"""Env templates as well-known projects have them: their variable names and placeholders, shortened. None may be reported.

Defaults of theirs that look generated are left out here (see agent_security_hooks.data.template_defaults).
"""

from __future__ import annotations

_TEXT = """
== next.js .env.local.example
NEXT_PUBLIC_SITE_URL=http://localhost:3000
NEXTAUTH_URL=http://localhost:3000
NEXTAUTH_SECRET=
CONTENTFUL_ACCESS_TOKEN=your-access-token
SANITY_API_READ_TOKEN=
== vercel ai-chatbot .env.example
# Get your OpenAI API Key here: https://platform.openai.com/account/api-keys
OPENAI_API_KEY='sk-...DTMA'
# Generate a random secret: https://generate-secret.vercel.app/32 or `openssl rand -base64 32`
AUTH_SECRET=XXXXXXXX
KV_URL=XXXXXXXX
KV_REST_API_TOKEN=XXXXXXXX
BLOB_READ_WRITE_TOKEN=****
POSTGRES_URL=****
== laravel .env.example
APP_NAME=Laravel
APP_KEY=
APP_URL=http://localhost
DB_USERNAME=root
DB_PASSWORD=
REDIS_PASSWORD=null
MAIL_USERNAME=null
MAIL_PASSWORD=null
MAIL_FROM_ADDRESS="hello@example.com"
AWS_ACCESS_KEY_ID=
AWS_SECRET_ACCESS_KEY=
VITE_PUSHER_APP_KEY="${PUSHER_APP_KEY}"
== rails .env.sample
RAILS_ENV=development
SECRET_KEY_BASE=replace_with_output_of_rails_secret
RAILS_MASTER_KEY=
DATABASE_URL=postgres://postgres:postgres@localhost:5432/app_development
== django-cookiecutter .envs/.production/.django.template
DJANGO_SETTINGS_MODULE=config.settings.production
DJANGO_SECRET_KEY=!!!SET DJANGO_SECRET_KEY!!!
DJANGO_ADMIN_URL=!!!SET DJANGO_ADMIN_URL!!!
MAILGUN_API_KEY=
DJANGO_AWS_SECRET_ACCESS_KEY=
CELERY_FLOWER_PASSWORD=!!!SET CELERY_FLOWER_PASSWORD!!!
REDIS_URL=redis://redis:6379/0
== supabase docker/.env.example
POSTGRES_PASSWORD=your-super-secret-and-long-postgres-password
JWT_SECRET=your-super-secret-jwt-token-with-at-least-32-characters-long
DASHBOARD_USERNAME=supabase
DASHBOARD_PASSWORD=this_password_is_insecure_and_should_be_updated
VAULT_ENC_KEY=your-32-character-encryption-key
PG_META_CRYPTO_KEY=your-encryption-key-32-chars-min
LOGFLARE_PUBLIC_ACCESS_TOKEN=your-super-secret-and-long-logflare-key-public
LOGFLARE_PRIVATE_ACCESS_TOKEN=your-super-secret-and-long-logflare-key-private
OPENAI_API_KEY=sk-proj-xxxxxxxx
SMTP_PASS=fake_mail_password
MINIO_ROOT_PASSWORD=secret1234
# SMS_TWILIO_AUTH_TOKEN=
GOOGLE_PROJECT_ID=GOOGLE_PROJECT_ID
== n8n .env.example
POSTGRES_PASSWORD=n8n_password                 # Password for PostgreSQL
N8N_ENCRYPTION_KEY=super-secret-key         # Encryption key for securing sensitive data in n8n
N8N_USER_MANAGEMENT_JWT_SECRET=even-more-secret  # JWT secret for user management in n8n
#OPEN_WEBUI_SECRET_KEY=your_open_webui_api_key  # Add your Open Web UI API key here
== dify docker/.env.example
# You can generate a strong key using `openssl rand -base64 42`.
INIT_PASSWORD=
DB_PASSWORD=difyai123456
REDIS_PASSWORD=difyai123456
# Example: redis://:difyai123456@redis:6379/1
CELERY_BROKER_URL=redis://:difyai123456@redis:6379/1
ALIYUN_OSS_SECRET_KEY=your-secret-key
SUPABASE_API_KEY=your-access-key
QDRANT_API_KEY=difyai123456
VASTBASE_PASSWORD=Difyai123456
ANALYTICDB_PASSWORD=testpassword
OPENGAUSS_PASSWORD=Dify@123
IRIS_PASSWORD=Dify@1234
ELASTICSEARCH_API_KEY=YOUR-ELASTICSEARCH_API_KEY
RESEND_API_KEY=your-resend-api-key
CODE_EXECUTION_API_KEY=dify-sandbox
CHROMA_SERVER_AUTHN_CREDENTIALS=difyai123456
ORACLE_PWD=Dify123456
MINIO_SECRET_KEY=minioadmin
# HTTP_REQUEST_NODE_SSL_CLIENT_KEY_DATA=LS0tLS1CRUdJTi...
NGINX_SSL_CERT_KEY_FILENAME=dify.key
CHROMA_AUTH_PROVIDER=chromadb.auth.token_authn.TokenAuthClientProvider
INDEXING_MAX_SEGMENTATION_TOKENS_LENGTH=4000
== langfuse .env.dev.example
DATABASE_URL="postgresql://postgres:postgres@localhost:5432/postgres"
CLICKHOUSE_PASSWORD="clickhouse"
# NEXTAUTH_SECRET=""
NEXTAUTH_SECRET="secret"
SALT="salt"
S3_SECRET_ACCESS_KEY=
REDIS_AUTH="myredissecret"
LANGFUSE_WORKER_PASSWORD=mybasicauthsecret
ENCRYPTION_KEY=0000000000000000000000000000000000000000000000000000000000000000
== langfuse .env.prod.example
NEXTAUTH_SECRET="secret" # https://next-auth.js.org/configuration/options#secret
SALT="salt" # salt used to hash api keys
# LANGFUSE_INIT_PROJECT_PUBLIC_KEY=pk-1234567890
# LANGFUSE_INIT_PROJECT_SECRET_KEY=sk-1234567890
# LANGFUSE_INIT_USER_PASSWORD=password
# AUTH_GOOGLE_CLIENT_SECRET=
== open-webui .env.example
OLLAMA_BASE_URL='http://localhost:11434'
OPENAI_API_BASE_URL=''
OPENAI_API_KEY=''
# AUTOMATIC1111_BASE_URL="http://localhost:7860"
CORS_ALLOW_ORIGIN='*'
== litellm .env.example
OPENAI_API_KEY = ""
REPLICATE_API_TOKEN = ""
INFISICAL_TOKEN = ""
LITELLM_MASTER_KEY = "sk-1234"
DATABASE_URL = "postgresql://llmproxy:dbpassword9090@db:5432/litellm"
== strapi .env.example
HOST=0.0.0.0
PORT=1337
APP_KEYS="toBeModified1,toBeModified2"
API_TOKEN_SALT=tobemodified
ADMIN_JWT_SECRET=tobemodified
TRANSFER_TOKEN_SALT=tobemodified
JWT_SECRET=tobemodified
== directus .env.example
KEY="replace-with-random-value"
SECRET="replace-with-random-value"
ADMIN_EMAIL="admin@example.com"
ADMIN_PASSWORD="d1r3ctu5"
DB_PASSWORD="directus"
CACHE_STORE="memory"
== medusa .env.template
DATABASE_URL=postgres://localhost/medusa
JWT_SECRET=supersecret
COOKIE_SECRET=supersecret
STRIPE_API_KEY=
== ghost .env.example
url=http://localhost:2368
database__connection__user=ghost
database__connection__password=ghost_password
mail__options__auth__pass=
MYSQL_ROOT_PASSWORD=your-super-secure-password-here
== mastodon .env.production.sample
LOCAL_DOMAIN=example.com
DB_PASS=
ES_PASS=password
# Make sure to use `rake secret` to generate secrets
SECRET_KEY_BASE=
OTP_SECRET=
VAPID_PRIVATE_KEY=
VAPID_PUBLIC_KEY=
SMTP_PASSWORD=
S3_ALIAS_HOST=files.example.com
== discourse .env.sample
DISCOURSE_SMTP_USER_NAME=user@example.com
DISCOURSE_SMTP_PASSWORD=pa$$word
DISCOURSE_DB_PASSWORD=
== sentry .env.example
COMPOSE_PROJECT_NAME=sentry-self-hosted
SENTRY_EVENT_RETENTION_DAYS=90
SENTRY_BIND=9000
SENTRY_IMAGE=getsentry/sentry:nightly
SENTRY_SECRET_KEY=
HEALTHCHECK_INTERVAL=30s
== posthog .env.example
# You probably want this on in development
DEBUG=1
SECRET_KEY=<randomly generated secret key>
ELEVENLABS_API_KEY=
# ELEVENLABS_VOICE_ID=21m00Tcm4TlvDq8ikWAM
HEATMAP_BROWSERLESS_TOKEN=
# GITHUB_APP_PRIVATE_KEY=
== airflow .env.template
AIRFLOW_UID=50000
AIRFLOW__CORE__FERNET_KEY=
AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://airflow:airflow@postgres/airflow
_AIRFLOW_WWW_USER_USERNAME=airflow
_AIRFLOW_WWW_USER_PASSWORD=airflow
== superset docker/.env.example
DATABASE_PASSWORD=superset
POSTGRES_PASSWORD=superset
#MYSQL_RANDOM_ROOT_PASSWORD=yes
SUPERSET_SECRET_KEY=TEST_NON_DEV_SECRET
PYTHONPATH=/app/pythonpath:/app/docker/pythonpath_dev
== mlflow .env.dev.example
MLFLOW_TRACKING_URI=http://localhost:5000
POSTGRES_PASSWORD=mlflow
AWS_ACCESS_KEY_ID=minio
AWS_SECRET_ACCESS_KEY=minio123
MLFLOW_FLASK_SERVER_SECRET_KEY=my-secret-key
== temporal .env.example
TEMPORAL_VERSION=1.29.1
POSTGRESQL_PASSWORD=temporal
ELASTICSEARCH_VERSION=7.17.27
TEMPORAL_API_KEY=
TEMPORAL_TLS_KEY=/path/to/client.key
== keycloak .env.example
KEYCLOAK_ADMIN=admin
KEYCLOAK_ADMIN_PASSWORD=admin
KC_BOOTSTRAP_ADMIN_PASSWORD=change_me
KC_DB_PASSWORD=keycloak
KC_HTTPS_CERTIFICATE_KEY_FILE=/opt/keycloak/conf/server.key.pem
== minio .env.sample
MINIO_ROOT_USER=minioadmin
MINIO_ROOT_PASSWORD=minioadmin
MINIO_SERVER_URL=https://minio.example.net
== grafana .env.example
GF_SECURITY_ADMIN_USER=admin
GF_SECURITY_ADMIN_PASSWORD=grafana
GF_AUTH_GITHUB_CLIENT_SECRET=YOUR_GITHUB_APP_CLIENT_SECRET
GF_DATABASE_URL=mysql://grafana:password@mysql:3306/grafana
== compose example.env
DB_PASSWORD=postgres
DB_USERNAME=postgres
UPLOAD_LOCATION=absolute_location_on_your_machine
# PUBLIC_LOGIN_PAGE_MESSAGE="Password: <i>demo</i>"
== expo .env.example
EXPO_PUBLIC_API_URL=https://api.example.com
EXPO_TOKEN=
EXPO_PUBLIC_SUPABASE_ANON_KEY=your-anon-key
SENTRY_AUTH_TOKEN=your_sentry_auth_token
== vite .env.example
VITE_APP_TITLE=My App
VITE_API_BASE=/api
VITE_MAPBOX_TOKEN=pk.your_mapbox_token
VITE_FIREBASE_API_KEY=AIzaSy...
== t3 .env.example
# When adding additional environment variables, the schema in "/src/env.js" should be updated accordingly.
# npx auth secret
AUTH_SECRET=""
AUTH_DISCORD_ID=""
AUTH_DISCORD_SECRET=""
DATABASE_URL="file:./db.sqlite"
== prisma .env.example
# See https://pris.ly/d/connection-strings
DATABASE_URL="postgresql://johndoe:randompassword@localhost:5432/mydb?schema=public"
DIRECT_URL="postgres://user:password@host:5432/dbname"
PULSE_API_KEY="<YOUR_PULSE_API_KEY>"
== fastapi .env.example
SECRET_KEY=changethis
FIRST_SUPERUSER=admin@example.com
FIRST_SUPERUSER_PASSWORD=changethis
POSTGRES_PASSWORD=changethis
SENTRY_DSN=
SMTP_PASSWORD=
== cal.com .env.example
# SAML_DATABASE_URL="postgresql://postgres:@localhost:5450/cal-saml"
NEXTAUTH_SECRET=
EMAIL_SERVER_USER='<office365_emailAddress>'
EMAIL_SERVER_PASSWORD='<office365_password>'
# EMAIL_SERVER_PASSWORD='<gmail_app_password>'
API_KEY_PREFIX=cal_
== librechat .env.example
MONGO_URI=mongodb://127.0.0.1:27017/LibreChat
ANTHROPIC_API_KEY=user_provided
GOOGLE_KEY=user_provided
OPENAI_API_KEY=user_provided
REFRESH_TOKEN_EXPIRY=(1000 * 60 * 60 * 24) * 7
EMAIL_PASSWORD=
OPENID_SESSION_SECRET=
== trigger.dev .env.example
RESEND_API_KEY=<api_key>
SESSION_SECRET=abcdef1234
MAGIC_LINK_SECRET=abcdef1234
DATABASE_URL=postgresql://postgres:postgres@localhost:5432/postgres?schema=public
CLOUD_SLACK_CLIENT_SECRET=
== hoppscotch .env.example
DATABASE_URL=postgresql://postgres:testpass@hoppscotch-db:5432/hoppscotch
JWT_SECRET="secret1233"
REFRESH_TOKEN_VALIDITY="604800000"
SESSION_SECRET='add some secret here'
DATA_ENCRYPTION_KEY="data encryption key with 32 char"
GOOGLE_CLIENT_SECRET="************************************************"
MAILER_SMTP_URL="smtps://user@domain.com:pass@smtp.domain.com" # used if custom mailer configs is false
MAILER_SMTP_PASSWORD="pass"
== plane .env.example
PGPASSWORD="plane"
DATABASE_URL=postgresql://${PGUSER}:${PGPASSWORD}@${PGHOST}/${PGDATABASE}
AWS_ACCESS_KEY_ID="access-key"
AWS_SECRET_ACCESS_KEY="secret-key"
GITHUB_CLIENT_SECRET="" # For fetching release notes
DEFAULT_PASSWORD="password123"
== documenso .env.example
NEXTAUTH_SECRET="secret"
NEXT_PRIVATE_ENCRYPTION_KEY="CAFEBABE"
NEXT_PRIVATE_ENCRYPTION_SECONDARY_KEY="DEADBEEF"
NEXT_PRIVATE_DATABASE_URL="postgres://documenso:password@127.0.0.1:54320/documenso"
NEXT_PRIVATE_UPLOAD_SECRET_ACCESS_KEY="password"
E2E_TEST_AUTHENTICATE_USER_PASSWORD="test_Password123"
== outline .env.sample
SECRET_KEY=generate_a_new_key
UTILS_SECRET=generate_a_new_key
DATABASE_URL=postgres://user:pass@postgres:5432/outline
AWS_ACCESS_KEY_ID=get_a_key_from_aws
AWS_SECRET_ACCESS_KEY=get_the_secret_of_above_key
SLACK_VERIFICATION_TOKEN=your_token
SLACK_APP_ID=A0XXXXXXX
== ragflow docker/.env.example
ELASTIC_PASSWORD=infini_rag_flow
KIBANA_PASSWORD=infini_rag_flow
MINIO_PASSWORD=infini_rag_flow
RAGFLOW_IMAGE=infiniflow/ragflow:dev-slim
== twenty .env.example
PG_DATABASE_URL=postgres://twenty:twenty@localhost:5432/default
ACCESS_TOKEN_SECRET=replace_me_with_a_random_string_access
# SUPPORT_FRONT_HMAC_KEY=replace_me_with_front_chat_verification_secret
# SENTRY_DSN=https://xxx@xxx.ingest.sentry.io/xxx
# API_TOKEN_EXPIRES_IN=1000y
== appwrite .env.dist
_APP_OPENSSL_KEY_V1=your-secret-key
_APP_DB_PASS=password
_APP_DB_ROOT_PASS=rootsecretpassword
_APP_CONNECTIONS_DB_PROJECT=db_fra1_02=mariadb://user:password@mariadb:3306/appwrite
_APP_SMS_PROVIDER=sms://username:password@mock
"""

TEMPLATES: dict[str, tuple[str, str]] = {
    head.split(" ")[0] + " " + str(number): (head.split(" ")[-1], body)
    for number, (head, _, body) in enumerate(part.partition("\n") for part in _TEXT.split("\n== ")[1:])
}
"""Project -> path of its template and the text."""
