"""Agent tools, tracing and vector stores.

Public sources: kingfisher, betterleaks, noseyparker, credsweeper; Helicone, Daytona, Chroma, turbopuffer and Steel docs.
"""

from agent_security_hooks.data.credential_formats.form import UUID, Format

# fmt: off
FORMATS: tuple[Format, ...] = (
    Format("langsmith-personal", "LangSmith personal access token", (b"lsv2_pt_",), rb"[0-9a-fA-F]{32}_[0-9a-fA-F]{10}", "LANGSMITH_API_KEY", "https://smith.langchain.com/settings"),
    Format("langsmith-service", "LangSmith service key", (b"lsv2_sk_",), rb"[0-9a-fA-F]{32}_[0-9a-fA-F]{10}", "LANGSMITH_API_KEY", "https://smith.langchain.com/settings"),
    Format("langfuse", "Langfuse secret key", (b"sk-lf-",), UUID, "LANGFUSE_SECRET_KEY", "https://cloud.langfuse.com"),
    Format("langfuse-public", "Langfuse public key", (b"pk-lf-",), UUID, "LANGFUSE_PUBLIC_KEY", "", public=True),
    Format("helicone", "Helicone API key", (b"sk-helicone-", b"pk-helicone-"), rb"(?:eu-)?(?:rl-)?[a-z0-9]{7}(?:-[a-z0-9]{7}){3}", "HELICONE_API_KEY", "https://us.helicone.ai/settings/api-keys"),
    Format("helicone-legacy", "Helicone API key", (b"sk-",), rb"[a-z0-9]{7}(?:-[a-z0-9]{7}){3}", "HELICONE_API_KEY", "https://us.helicone.ai/settings/api-keys"),
    Format("pinecone", "Pinecone API key", (b"pcsk_",), rb"[A-Za-z0-9]{5,6}_[A-Za-z0-9]{63}", "PINECONE_API_KEY", "https://app.pinecone.io"),
    Format("turbopuffer", "turbopuffer API key", (b"tpuf_",), rb"[\w-]{20,80}", "TURBOPUFFER_API_KEY", "https://turbopuffer.com/dashboard"),
    Format("chroma", "Chroma Cloud API key", (b"ck-",), rb"[A-Za-z0-9]{32,64}", "CHROMA_API_KEY", "https://www.trychroma.com", before=b"chroma"),
    Format("tavily", "Tavily API key", (b"tvly-",), rb"[\w-]{32,64}", "TAVILY_API_KEY", "https://app.tavily.com"),
    Format("firecrawl", "Firecrawl API key", (b"fc-",), rb"[0-9a-fA-F]{32}", "FIRECRAWL_API_KEY", "https://www.firecrawl.dev/app/api-keys"),
    Format("brave-search", "Brave Search API key", (b"BSA",), rb"[\w-]{24,40}", "BRAVE_API_KEY", "https://api-dashboard.search.brave.com"),
    Format("apify", "Apify API token", (b"apify_api_",), rb"[A-Za-z0-9]{34,38}", "APIFY_TOKEN", "https://console.apify.com/settings/integrations"),
    Format("browserbase", "Browserbase API key", (b"bb_live_", b"bb_test_"), rb"[\w-]{27}", "BROWSERBASE_API_KEY", "https://www.browserbase.com/settings"),
    Format("browser-use", "Browser Use API key", (b"bu_",), rb"[\w-]{42,46}", "BROWSER_USE_API_KEY", "https://cloud.browser-use.com/settings"),
    Format("steel", "Steel API key", (b"ste-",), rb"[A-Za-z0-9]{40,90}", "STEEL_API_KEY", "https://app.steel.dev/settings/api-keys"),
    Format("e2b", "E2B API key", (b"e2b_",), rb"[0-9a-f]{40}", "E2B_API_KEY", "https://e2b.dev/dashboard"),
    Format("daytona", "Daytona API key", (b"dtn_",), rb"[0-9a-f]{64}", "DAYTONA_API_KEY", "https://app.daytona.io/dashboard/keys"),
    Format("modal-secret", "Modal token secret", (b"as-",), rb"[A-Za-z0-9]{22}", "MODAL_TOKEN_SECRET", "https://modal.com/settings/tokens"),
    Format("modal-id", "Modal token id", (b"ak-",), rb"[A-Za-z0-9]{22}", "MODAL_TOKEN_ID", "https://modal.com/settings/tokens"),
    Format("composio", "Composio API key", (b"ak_", b"ck_", b"oak_", b"uak_"), rb"[\w-]{20}", "COMPOSIO_API_KEY", "https://platform.composio.dev"),
    Format("context7", "Context7 API key", (b"ctx7sk-",), UUID, "CONTEXT7_API_KEY", "https://context7.com/dashboard"),
    Format("mem0", "Mem0 API key", (b"m0-",), rb"[A-Za-z0-9]{24,44}", "MEM0_API_KEY", "https://app.mem0.ai/dashboard/api-keys"),
    Format("mastra", "Mastra API key", (b"msk_",), rb"(?:[A-Za-z0-9]{64}|[A-Za-z0-9]{48}|[A-Za-z0-9]{32})", "MASTRA_API_KEY", "https://cloud.mastra.ai"),
    Format("llamacloud", "LlamaCloud API key", (b"llx-",), rb"[\w-]{44,52}", "LLAMA_CLOUD_API_KEY", "https://cloud.llamaindex.ai"),
    Format("cursor", "Cursor API key", (b"key_",), rb"[0-9a-z]{64}", "CURSOR_API_KEY", "https://cursor.com/dashboard"),
    Format("devin-personal", "Devin personal API key", (b"apk_user_",), rb"[A-Za-z0-9+/]{120,180}={0,2}", "DEVIN_API_KEY", "https://app.devin.ai/settings/api-keys"),
    Format("devin-service", "Devin service API key", (b"apk_",), rb"[A-Za-z0-9+/]{80,100}={0,2}", "DEVIN_API_KEY", "https://app.devin.ai/settings/api-keys"),
    Format("devin-service-user", "Devin service user token", (b"cog_",), rb"[a-z2-7]{52}", "DEVIN_API_KEY", "https://app.devin.ai/settings/api-keys"),
    Format("coderabbit", "CodeRabbit API key", (b"cr-",), rb"[0-9a-fA-F]{58}", "CODERABBIT_API_KEY", "https://app.coderabbit.ai/settings/api-keys"),
    Format("dify", "Dify app API key", (b"app-",), rb"[A-Za-z0-9]{24}", "DIFY_API_KEY", "https://cloud.dify.ai", before=b"dify"),
    Format("coze", "Coze personal access token", (b"pat_",), rb"[A-Za-z0-9]{64}", "COZE_API_TOKEN", "https://www.coze.com/open/oauth/pats", before=b"coze"),
    Format("trigger-dev", "Trigger.dev secret key", (b"tr_dev_", b"tr_prod_", b"tr_stg_", b"tr_pat_"), rb"[A-Za-z0-9]{20,40}", "TRIGGER_SECRET_KEY", "https://cloud.trigger.dev"),
    Format("inngest", "Inngest signing key", (b"signkey-",), rb"[a-z0-9_-]{1,40}-[0-9a-f]{64}", "INNGEST_SIGNING_KEY", "https://app.inngest.com/env/production/manage/signing-key"),
    Format("mintlify", "Mintlify API key", (b"mint_dsc_", b"mint_"), rb"[A-Za-z0-9]{24,44}", "MINTLIFY_API_KEY", "https://dashboard.mintlify.com/settings/organization/api-keys"),
    Format("val-town", "Val Town API token", (b"vtwn_",), rb"[\w-]{20,80}", "VALTOWN_TOKEN", "https://www.val.town/settings/api"),
    Format("arcjet", "Arcjet site key", (b"ajkey_",), rb"[a-z0-9]{26}", "ARCJET_KEY", "https://app.arcjet.com"),
    Format("permit-io", "Permit.io API key", (b"permit_key_",), rb"[0-9A-Za-z]{85,86}", "PERMIT_API_KEY", "https://app.permit.io/settings/api-keys"),
    Format("wundergraph", "WunderGraph Cosmo API key", (b"cosmo_",), rb"[0-9a-f]{32}", "COSMO_API_KEY", "https://cosmo.wundergraph.com"),
    Format("convex", "Convex deploy key", (b"|eyJ",), rb"[\w-]{15,200}(?:[./=+][\w=-]{0,100}){0,4}", "CONVEX_DEPLOY_KEY", "https://dashboard.convex.dev", before=rb"(?:prod|dev|preview|project):[a-z0-9:-]{4,50}$"),
    Format("convex-team", "Convex access token", (b"eyJ2MiI6I",), rb"[A-Za-z0-9+/]{46}=", "CONVEX_TEAM_ACCESS_TOKEN", "https://dashboard.convex.dev"),
    Format("unkey", "Unkey root key", (b"unkey_",), rb"[A-Za-z0-9]{20,32}", "UNKEY_ROOT_KEY", "https://app.unkey.com/settings/root-keys"),
)
# fmt: on
