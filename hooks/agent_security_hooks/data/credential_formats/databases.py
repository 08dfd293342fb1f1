"""Databases and data platforms.

Public sources: kingfisher, gitleaks/betterleaks, trufflehog, credsweeper, GitHub partner list.
"""

from agent_security_hooks.data.credential_formats.form import UUID, Format

# fmt: off
FORMATS: tuple[Format, ...] = (
    Format("supabase-access", "Supabase access token", (b"sbp_",), rb"(?:v0_)?[0-9a-z_-]{40}", "SUPABASE_ACCESS_TOKEN", "https://supabase.com/dashboard/account/tokens"),
    Format("supabase-secret", "Supabase secret key", (b"sb_secret_",), rb"[\w-]{31,36}", "SUPABASE_SECRET_KEY", "https://supabase.com/dashboard/project/_/settings/api-keys"),
    Format("supabase-publishable", "Supabase publishable key", (b"sb_publishable_",), rb"[\w-]{24,40}", "SUPABASE_PUBLISHABLE_KEY", "", public=True),
    Format("neon", "Neon API key", (b"napi_",), rb"[0-9A-Za-z]{64}", "NEON_API_KEY", "https://console.neon.tech/app/settings/api-keys"),
    Format("planetscale", "PlanetScale credential", (b"pscale_pw_", b"pscale_tkn_", b"pscale_oauth_"), rb"[\w=.-]{32,64}", "PLANETSCALE_SERVICE_TOKEN", "https://app.planetscale.com"),
    Format("databricks", "Databricks access token", (b"dapi",), rb"[0-9a-f]{32}(?:-\d)?", "DATABRICKS_TOKEN", "https://accounts.cloud.databricks.com"),
    Format("clickhouse-cloud", "ClickHouse Cloud API secret", (b"4b1d",), rb"[A-Za-z0-9]{38}", "CLICKHOUSE_API_SECRET", "https://console.clickhouse.cloud"),
    Format("cockroach-cloud", "CockroachDB Cloud API key", (b"CCDB1_",), rb"[A-Za-z0-9]{22}_[A-Za-z0-9]{40}", "COCKROACH_API_KEY", "https://cockroachlabs.cloud/access"),
    Format("mongodb-atlas-secret", "MongoDB Atlas service account secret", (b"mdb_sa_sk_",), rb"[\w-]{40}", "MONGODB_ATLAS_CLIENT_SECRET", "https://cloud.mongodb.com"),
    Format("mongodb-atlas-id", "MongoDB Atlas service account id", (b"mdb_sa_id_",), rb"[0-9a-f]{24}", "MONGODB_ATLAS_CLIENT_ID", "https://cloud.mongodb.com"),
    Format("datastax-astra", "DataStax Astra token", (b"AstraCS:",), rb"[A-Za-z0-9]{20,64}(?::[0-9a-f]{20,80})?", "ASTRA_DB_APPLICATION_TOKEN", "https://astra.datastax.com/settings/tokens"),
    Format("elastic-cloud", "Elastic Cloud API key", (b"essu_",), rb"[\w+/-]{60,200}={0,2}", "EC_API_KEY", "https://cloud.elastic.co/account/keys"),
    Format("confluent", "Confluent Cloud API secret", (b"cflt",), rb"[A-Za-z0-9+/]{60}", "CONFLUENT_CLOUD_API_SECRET", "https://confluent.cloud/settings/api-keys"),
    Format("xata", "Xata API key", (b"xau_",), rb"[A-Za-z0-9]{33}", "XATA_API_KEY", "https://app.xata.io/settings"),
    Format("tinybird", "Tinybird token", (b"p.eyJ1I",), rb"[\w-]{80,260}\.[\w-]{43}", "TINYBIRD_TOKEN", "https://app.tinybird.co/tokens"),
    Format("warpstream", "WarpStream API key", (b"aks_",), rb"[0-9a-f]{64}", "WARPSTREAM_API_KEY", "https://console.warpstream.com"),
    Format("airtable", "Airtable personal access token", (b".",), rb"[0-9a-f]{64}", "AIRTABLE_API_KEY", "https://airtable.com/create/tokens", before=rb"(?<![\w-])pat[A-Za-z0-9]{14}$"),
    Format("hex-tech", "Hex API token", (b"hxtp_", b"hxtw_"), rb"[0-9a-fA-F]{96}", "HEX_API_TOKEN", "https://app.hex.tech"),
    Format("postman", "Postman API key", (b"PMAK-",), rb"[A-Za-z0-9]{24}-[A-Za-z0-9]{34}", "POSTMAN_API_KEY", "https://go.postman.co/settings/me/api-keys"),
    Format("postman-collection", "Postman collection access key", (b"PMAT-",), rb"[A-Za-z0-9]{26}", "POSTMAN_COLLECTION_ACCESS_KEY", "https://go.postman.co/settings/me/api-keys"),
    Format("databento", "Databento API key", (b"db-",), rb"[A-Za-z0-9]{29}", "DATABENTO_API_KEY", "https://databento.com/portal/keys"),
    Format("maxmind", "MaxMind license key", (b"_mm",), rb"k", "MAXMIND_LICENSE_KEY", "https://www.maxmind.com/en/accounts/current/license-key", before=rb"(?<![A-Za-z0-9])[A-Za-z0-9]{6}_[A-Za-z0-9]{29}$"),
    Format("prefect", "Prefect API token", (b"pnu_",), rb"[A-Za-z0-9]{36}", "PREFECT_API_KEY", "https://app.prefect.cloud/my/api-keys"),
    Format("iterative", "Iterative Studio access token", (b"isat_",), UUID, "DVC_STUDIO_TOKEN", "https://studio.iterative.ai/user/_/profile"),
    Format("liveblocks", "Liveblocks secret key", (b"sk_prod_", b"sk_dev_"), rb"[\w-]{64}", "LIVEBLOCKS_SECRET_KEY", "https://liveblocks.io/dashboard/apikeys"),
)
# fmt: on
