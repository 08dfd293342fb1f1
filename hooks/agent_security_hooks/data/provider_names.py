"""Names of services that issue keys, as they stand in variable names (`GIPHY_KEY`, `snykToken`), lower-case, without separators.

Source: the services that gitleaks, kingfisher, trufflehog and betterleaks have rules for. Names that are ordinary words in code
(line, stream, render) are left out: before `key` they say nothing.
"""

PROVIDER_NAMES = frozenset(
    b"""
    1password ably abstractapi abuseipdb accuweather adafruit adafruitio adobe aeroworkflow agora ai21 ai21studio ai71 aikido airbrake airship
    airtable aiven akamai alchemy algolia alibaba alibabacloud aliyun amazonmws amplitude ansible anthropic anypoint anyscale apiflash apify
    appcenter arcjet artifactory asaas asana assemblyai atlassian auth0 authress aviationstack aws axiom azure baremetrics baseten betterstack
    bitbucket bitfinex bitly bitrise bittrex bitwarden blazemeter blockprotocol blynk braintree branchio brandfetch brevo browserbase browserstack
    browseruse builderio buildkite bunnynet buttercms calcom calendly canva carboninterface cartesia carto censys cerebras chartmogul circleci
    cielo cisco meraki ciscomeraki civo clarifai claude clearbit clearout clickhouse clickup clojars closecrm cloudant cloudflare cloudinary cloudsight
    cloudsmith cockroachlabs codacy codeclimate codecov coderabbit cohere coinapi coinbase coinlayer composio configcat confluence confluent contentful
    contentstack context7 couchbase coveralls coze cratesio crossmint currencylayer customerio databento databricks datadog datagov datastax deepgram
    deepl deepseek deno detectify detectlanguage devcycle deviantart diffbot dify digitalocean discord disqus dockerhub docusign doppler dovico
    droneci dropbox dryrunsecurity duffel duplocloud dwolla dynatrace e2b easypost ebay elasticemail elevenlabs endorlabs equinix ethplorer etsy
    eventbrite everhour exoscale facebook falai fastly figma finicity finnhub firebase firecrawl fireworks fixerio flagsmith fleetbase flickr
    flutterwave flyio forestadmin foursquare frameio freemius freshbooks freshdesk friendli fullcontact fullstory gemfury gemini geoapify
    getresponse giphy gitea github gitlab gitter gocardless godaddy grafana greptile groq guardsquare gumroad hashicorp hcaptcha helicone helpscout hereapi
    heroku hetzner hexpm highnote honeycomb huawei hubspot huggingface hunterio imagekit infisical influxdb infomaniak infracost infura inngest
    instagram intercom intra42 ipinfodb ipstack jamf jfrog jina jotform jumpcloud kagi keenio keycloak kickbox klaviyo klingai kucoin lacework
    langchain langfuse langsmith languagelayer launchdarkly lemlist lemonsqueezy lichess linkedin linode liveblocks livekit llamacloud lokalise mailchimp
    mailersend mailgun mailjet mandrill mapbox mapquest mattermost maxmind mediastack mem0 mercadopago mergify messagebird microsoft midtrans
    minimax mintlify mistral mixpanel moonshot moralis msteams nango netlify newrelic newsapi ngrok nightfall numverify nvidia nxcloud nylas
    nytimes octopusdeploy okta ollama onelogin onesignal onfido openai openrouter openshift openvsx openweather openweathermap opsgenie optimizely packagecloud
    packagist pagerduty pandadoc pangea particleio pastebin paypal paystack pdflayer pepipost perplexity phpmailer pinata pinecone pingdom pingidentity
    pinterest pipedrive pirsch pivotaltracker plaid planetscale plivo pollinations polymarket portainer positionstack posthog postman postmark
    privateai pubnub pulumi pushbullet pusher qdrant rapidapi raygun razorpay rebrandly recaptcha redshift replit retellai ringcentral robinhood rollbar
    rubygems runpod saladcloud salesforce salesloft sambanova samsara saucelabs scaleway scalingo scalr scraperapi scrapingbee securitytrails sendbird sendgrid
    sendinblue sentry serpapi serper serpstack settlemint shippo shodan shopify shutterstock sidekiq signalwire signifyd siliconflow slack smithery snowflake
    snyk sonarcloud sonarqube sourcegraph sparkpost speechtextai splunk spotify sqreen squarespace sslmate stabilityai stackhawk statsig
    statuscake statuspage storyblok strava stripe stytch sumologic supabase surveysparrow svix tailscale tatum tavily tavus teamcity telegram telnyx
    tencent terraform testkube thingsboard thousandeyes thunderstore thycotic tinybird todoist togetherai tolgee tomtom travisci trello
    trendmicro triggerdev truenas turso twilio twitch twitter typeform ubidots unkey unsplash upcloud uploadcare upstage upstash uptimerobot
    urlscan userstack valtown vapi vastai vercel virustotal vkontakte vmware voiceflow volcengine vonage voyageai vultr wakatime wandb warpstream
    weatherapi weatherbit weatherstack weaviate webex webflow wechat wepay wireguard wistia woocommerce workato workos worldweather wpengine xata xendit
    yandex yelp yousign youtube zapier zendesk zenserp zerobounce zerotier zhipu zipcodeapi zoho zohocrm zuplo
    """.split()
)
