"""Commits of the releases of popular actions, and where each is known from.

Under the name of a repository (lower case), one tag a line: the tag, its commit, the full tag where the tag itself moves (else `-`), and the keys of its sources.
Taken in is what two independent sources agree on; files of GitHub itself, the pins of this repository, `code` and `git` are enough alone, and a tag that moves
is taken from a lock where its commit is known by its full tag. What another source contradicts is left out, unless that one is outvoted two to one.
`tests/make_action_pins.py` replaces it by what the servers themselves say.
"""

SOURCES = {
    "achrinza": "github.com/achrinza/setup-db2: .github/workflows/actions.lock",
    "actix": "github.com/actix/actix-web: .github/workflows/actions.lock",
    "anselmes": "github.com/anselmes/cicd: .github/workflows/actions.lock",
    "anvilsaba": "github.com/AnvilSaba/platform: .github/workflows/actions.lock",
    "apache": "github.com/apache/infrastructure-actions#703",
    "casey": "github.com/casey/just: .github/workflows/actions.lock",
    "cli": "github.com/cli/cli#13314",
    "code": "pins with this version comment in at least two unrelated public files",
    "curl": "github.com/curl/curl-for-win: .github/workflows/actions.lock",
    "ffmathy": "github.com/ffMathy/hey-jarvis: .github/workflows/actions.lock",
    "gh-actions-lock": "github.com/github/gh-actions-lock: .github/workflows/actions.lock",
    "gh-aw": "github.com/github/gh-aw: .github/aw/actions-lock.json, pkg/workflow/data/action_pins.json",
    "hckhanh": "github.com/hckhanh/pulumi-any-terraform: .github/workflows/actions.lock",
    "hugovk": "github.com/hugovk/blurb: .github/workflows/actions.lock",
    "hyperpolymath": "github.com/hyperpolymath/echidna: .github/workflows/actions.lock",
    "intuitionmachines": "github.com/IntuitionMachines/python-coverage-comment-action#1",
    "lcv-ideas-software": "github.com/LCV-Ideas-Software/.github: .github/workflows/actions.lock",
    "noodlemctwoodle": "github.com/noodlemctwoodle/Sentinel-As-Code-Toolkit#65",
    "p-ansible-amazon": "sdist of ansible on PyPI, collections of amazon",
    "p-ansible-cloudscale_ch": "sdist of ansible on PyPI, collections of cloudscale_ch",
    "p-ansible-community": "sdist of ansible on PyPI, collections of community",
    "p-ansible-google": "sdist of ansible on PyPI, collections of google",
    "p-ansible-lowlydba": "sdist of ansible on PyPI, collections of lowlydba",
    "p-autogen": "sdist of autogen on PyPI",
    "p-bandit": "sdist of bandit on PyPI",
    "p-black": "sdist of black on PyPI",
    "p-cibuildwheel": "sdist of cibuildwheel on PyPI",
    "p-cmake": "sdist of cmake on PyPI",
    "p-fastmcp": "sdist of fastmcp on PyPI",
    "p-jupyterhub": "sdist of jupyterhub on PyPI",
    "p-matplotlib": "sdist of matplotlib on PyPI",
    "p-mcp": "sdist of mcp on PyPI",
    "p-numpy": "sdist of numpy on PyPI",
    "p-pandas": "sdist of pandas on PyPI",
    "p-pycairo": "sdist of pycairo on PyPI",
    "p-pymongo": "sdist of pymongo on PyPI",
    "p-pytest": "sdist of pytest on PyPI",
    "p-pyzmq": "sdist of pyzmq on PyPI",
    "p-seaborn": "sdist of seaborn on PyPI",
    "p-statsmodels": "sdist of statsmodels on PyPI",
    "p-twine": "sdist of twine on PyPI",
    "p-vllm": "sdist of vllm on PyPI",
    "self": "pins of this repository",
}

PINS = """
actions-ecosystem/action-add-labels
 v1.1.3 18f1af5e3544586314bbe15c0273249c770b2daf - gh-aw
actions/attest
 v1.4.1 67422f5511b7ff725f4dbd6fb9bd2cd925c65a8d - gh-actions-lock
 v4.1.0 59d89421af93a897026c735860bf21b6eb4f7b26 - hugovk,self
 v4.2.2 1e69f48acb82d1966a394da916b4c1698aa569d6 - p-cibuildwheel,p-cmake
actions/attest-build-provenance
 v2.4.0 e8998f949152b193b063cb0ec769d69d929409be - anselmes,code
 v3.0.0 977bb373ede98d70efdf65b84cb5f73e068dcc2a - code
actions/cache
 v4 0057852bfaa89a56745cba8c7296529d2fc39830 v4.3.0 hugovk
 v4.3.0 0057852bfaa89a56745cba8c7296529d2fc39830 - code,p-numpy
 v5.0.4 668228422ae6a00e4ad889ee87cd7109ec5666a7 - code,hugovk
 v5.1.0 caa296126883cff596d87d8935842f9db880ef25 - code,ffmathy
 v6.1.0 55cc8345863c7cc4c66a329aec7e433d2d1c52a9 - actix,gh-aw,hyperpolymath,p-black,p-matplotlib,p-pytest
actions/checkout
 v2.7.0 ee0669bd1cc54295c223e0bb666b733df41de1c5 - code
 v3.6.0 f43a0e5ff2bd294095638e18286ca9a3d1956744 - code
 v4.1.1 b4ffde65f46336ab88eb53be808477a3936bae11 - p-numpy,p-seaborn
 v4.2.2 11bd71901bbe5b1630ceea73d27597364c9af683 - code,intuitionmachines,p-numpy
 v4.3.1 34e114876b0b11c390a56381ad16ebd13914f8d5 - cli,code
 v5.0.0 08c6903cd8c0fde910a37f88322edcfb5dd907a8 - anselmes,code
 v5.0.1 93cb6efe18208431cddfb8368fd83d5badbf9bfd - gh-actions-lock
 v6.0.0 1af3b93b6815bc44a9784bd300feb67ff0d1eeb3 - code
 v6.0.2 de0fac2e4500dabe0009e67214ff5f5447ce83dd - apache,gh-actions-lock,hugovk,p-ansible-lowlydba,p-numpy,p-twine
 v6.0.3 df4cb1c069e1874edd31b4311f1884172cec0e10 - p-ansible-google,p-autogen
 v6.1.0 d23441a48e516b6c34aea4fa41551a30e30af803 - casey,ffmathy
 v7.0.0 9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0 - p-ansible-cloudscale_ch,p-vllm,self
 v7.0.1 3d3c42e5aac5ba805825da76410c181273ba90b1 - achrinza,actix,anselmes,anvilsaba,curl,gh-aw,hckhanh,hyperpolymath,lcv-ideas-software,p-ansible-community,p-black,p-cibuildwheel,p-cmake,p-matplotlib,p-mcp,p-numpy,p-pycairo,p-pymongo,p-pytest
actions/configure-pages
 v5.0.0 983d7736d9b0ae728b81ab479565c72886d7745b - code
 v6.0.0 45bfe0192ca1faeb007ade9deae92b16b8254a0d - lcv-ideas-software,p-mcp
actions/create-github-app-token
 v2.2.1 29824e69f54612133e76f7eaac726eef6c875baf - code
 v3.2.0 bcd2ba49218906704ab6c1aa796996da409d3eb1 - gh-aw,p-cmake,p-vllm
actions/dependency-review-action
 v5.0.0 a1d282b36b6f3519aa1f3fc636f609c47dddb294 - anselmes,lcv-ideas-software,p-numpy
actions/deploy-pages
 v4.0.5 d6db90164ac5ed86f2b6aed7e0febac5b3c0c03e - code
 v5.0.1 368f82528645a54fb793d4d04e342629a3f51346 - hyperpolymath,p-mcp
actions/download-artifact
 v4.3.0 d3f86a106a0bac45b974a628896c90dbdf5c8093 - code
 v5.0.0 634f93cb2916e3fdff6788551b99b062d0335ce0 - code
 v6.0.0 018cc2cf5baa6db3ef3c5f8a56943fffe632ef53 - code
 v7.0.0 37930b1c2abaa49bbe596cd826c3c89aef350131 - code
 v8.0.1 3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c - casey,gh-aw,hugovk,hyperpolymath,p-cmake,p-jupyterhub,p-matplotlib,p-mcp,p-twine,self
 v8.0.2 9000827ccba6bdab643e8b6fd33ac0654aef8333 - p-black,p-cibuildwheel,p-pytest
actions/github-script
 v7.0.1 60a0d83039c74a4aee543508d2ffcb1c3799cdea - code
 v8.0.0 ed597411d8f924073f98dfc5c65a23a2325f34cd - code,hugovk
 v9 3a2844b7e9c422d3c10d287c895573f7108da1b3 v9.0.0 gh-aw
 v9.0.0 3a2844b7e9c422d3c10d287c895573f7108da1b3 - gh-aw,p-autogen,p-fastmcp,p-mcp,p-numpy,p-statsmodels,p-vllm
actions/labeler
 v5.0.0 8558fd74291d67161a8a78ce36a881fa63b766a9 - code
 v7.0.0 bf12e9b00b37c5c0ca2b87b79b2daf7891dbda13 - actix,anselmes,p-matplotlib
actions/setup-dotnet
 v4.3.1 67a3573c9a986a3f9c594539f4ab511d57bb3ce9 - code
 v6 a98b56852c35b8e3190ac28c8c2271da59106c68 v6.0.0 gh-aw
 v6.0.0 a98b56852c35b8e3190ac28c8c2271da59106c68 - gh-aw
actions/setup-go
 v5.5.0 d35c59abb061a4a6fb18e82ac0862c26744d6ab5 - anselmes,code
 v6.4.0 4a3601121dd01d1626a1e23e37211e3254c1c06c - gh-actions-lock,p-autogen
 v7 b7ad1dad31e06c5925ef5d2fc7ad053ef454303e v7.0.0 gh-aw
 v7.0.0 b7ad1dad31e06c5925ef5d2fc7ad053ef454303e - gh-aw,p-ansible-community
actions/setup-java
 v4.7.1 c5195efecf7bdfc987ee8bae7a71cb8b11521c00 - code
 v5.0.0 dded0888837ed1f317902acf8a20df0ad188d165 - code
 v6.0.1 de7274f081f381c8f8158605e0321c36c376e2e6 - gh-aw
actions/setup-node
 v4.4.0 49933ea5288caeca8642d1e84afbd3f7d6820020 - code
 v5.0.0 a0853c24544627f65ddf259abe73b1d18a591444 - code
 v6.0.0 2028fbc5c25fe9cf00d9f06a71cc4710d4507903 - code
 v6.4.0 48b55a011bda9f5d6aeb4c2d9c7362e8dae4041e - code,p-pandas
 v7 820762786026740c76f36085b0efc47a31fe5020 v7.0.0 gh-aw
 v7.0.0 820762786026740c76f36085b0efc47a31fe5020 - achrinza,gh-aw,lcv-ideas-software,p-mcp
actions/setup-python
 v4.9.1 7f4fc3e22c37d6ff65e88745f38bd3157c663f7c - code
 v5.0.0 0a5c61591373683505ea898e09a3ea4f39ef2b9c - p-numpy,p-seaborn
 v5.6.0 a26af69be951a213d495a4c3e4e4022e16d87065 - code,hugovk
 v6.0.0 e797f83bcb11b83ae66e0230d6156d7c80228e7c - code
 v6.2.0 a309ff8b426b58ec0e2a45f0f869d46889d02405 - apache,hugovk,p-ansible-google,p-ansible-lowlydba,p-autogen,p-numpy,p-twine
 v6.3.0 ece7cb06caefa5fff74198d8649806c4678c61a1 - self
 v7.0.0 5fda3b95a4ea91299a34e894583c3862153e4b97 - gh-aw,p-ansible-cloudscale_ch,p-black,p-cibuildwheel,p-cmake,p-jupyterhub,p-matplotlib,p-pycairo,p-pytest
actions/stale
 v9.1.0 5bef64f19d7facfb25b37b414482c7164d639639 - code
 v11.0.0 4391f3da665fdf50b6810c1a66712fb9ba21aa93 - anselmes,p-ansible-google
actions/upload-artifact
 v4.6.2 ea165f8d65b6e75b540449e92b4886f43607fa02 - code,intuitionmachines
 v5.0.0 330a01c490aca151604b8cf639adc76d48f6c5d4 - code
 v6.0.0 b7c566a772e6b6bfb58ed0dc250532a479d7789f - code
 v7.0.0 bbbca2ddaa5d8feaa63e36b76fdaad77386f024f - hugovk,hyperpolymath,lcv-ideas-software
 v7.0.1 043fb46d1a93c77aae656e7c1c64a875d1fc6a0a - anselmes,casey,curl,gh-aw,hyperpolymath,lcv-ideas-software,p-cmake,p-jupyterhub,p-matplotlib,p-mcp,p-numpy,p-pycairo,p-twine,self
 v7.0.2 cf430e030ddbb5b0abf93d22962f4752f3646cd9 - p-black,p-cibuildwheel,p-pytest
actions/upload-code-coverage
 v1.4.2 d8e329117199404bba6fc81efe8093dc7c015e34 - gh-aw
 v1.4.4 2b21a77928be8d5168c2b9581a67f2adbebacc52 - gh-aw
actions/upload-pages-artifact
 v3.0.1 56afc609e74202658d3ffba0e8f6dda462b719fa - code
 v4.0.0 7b1f4a764d45c48632c6b24a0339c27f5614fb0b - code
 v5.0.0 fc324d3547104276b827a68afc52ff2a11cc49c9 - hyperpolymath,lcv-ideas-software,p-mcp
amannn/action-semantic-pull-request
 v6.1.1 48f256284bd46cdaab1048c3721360e808335d50 - code
anchore/sbom-action
 v0.24.2 3ad7283483fc7af8ff2b4ea19663c2d5ca935e26 - gh-aw
 v0.24.3 66cbf4bc1f1c0d2edc94016e65bc221b6bb0ad6c - gh-aw
ansible-community/ansible-test-gh-action
 v1.17.0 d3a8ec7a59694e25e210fcd44738910149537f0e - p-ansible-amazon,p-ansible-community,p-ansible-lowlydba
aquasecurity/trivy-action
 v0.33.1 b6643a29fecd7f34b3597bc6acb0a98b03d33ff8 - anselmes,code
astral-sh/setup-uv
 v5 d4b2f3b6ecc6e67c4457f6d3e41ec42d3d0fcb86 v5.4.2 hugovk
 v5.4.2 d4b2f3b6ecc6e67c4457f6d3e41ec42d3d0fcb86 - code
 v6.8.0 d0cc045d04ccac9d8b7881df0226f9e82c39688e - code
 v7.6.0 37802adc94f370d6bfd71619e3f0bf239e1f3b78 - code,p-vllm
 v8.2.0 fac544c07dec837d0ccb6301d7b5580bf5edae39 - code,p-autogen
 v10.1.0 bec219d24cd3e171d82865faccec33120bb574f4 - gh-aw,p-cmake,p-mcp
 v10.2.0 c18668ad3cf93ea998bef934396af7bb5c839dc7 - gh-aw
aws-actions/configure-aws-credentials
 v4.3.1 7474bc4690e29a8392af63c5b98e7449536d5c3a - code
azure/login
 v2.3.0 a457da9ea143d694b1b9c7c869ebb04ebe844ef5 - code
azure/setup-helm
 v4.3.0 b9e51907a09c216f16ebe8536097933489208112 - anselmes,code
cli/gh-extension-precompile
 v2.1.0 9e2237c30f869ad3bcaed6a4be2cd43564dd421b - gh-actions-lock
cloudflare/wrangler-action
 v4.0.0 ebbaa1584979971c8614a24965b4405ff95890e0 - lcv-ideas-software,p-mcp
codecov/codecov-action
 v5.5.2 671740ac38dd9b0130fbe1cec585b89eea48d3de - code
 v6.0.0 57e3a136b779b570ffcdbf80b3bdc90e7fab3de2 - hugovk,p-ansible-lowlydba
 v7.0.0 fb8b3582c8e4def4969c97caa2f19720cb33a72f - p-ansible-cloudscale_ch,p-autogen,p-matplotlib
 v7.1.1 303a32d7a59b442fa8d48b6a1cc6825c09c847a5 - p-pycairo,p-pymongo
denoland/setup-deno
 v2.0.5 22d081ff2d3a40755e97629de92e3bcbfa7cf2ed - gh-aw
dependabot/fetch-metadata
 v2.4.0 08eff52bf64351f401fb50d4972fa95b9f2c2d1b - code
docker/build-push-action
 v5.4.0 ca052bb54ab0790a636c9b5f226502c73d547a25 - code
 v6.19.2 10e90e3645eae34f1e60eeb005ba3a3d33f178e8 - code
 v7.3.0 53b7df96c91f9c12dcc8a07bcb9ccacbed38856a - anvilsaba,gh-aw
 v7.4.0 c3c9e263c25d99ce0380d002d59b67737d91b0dc - casey,gh-aw,p-black
docker/login-action
 v3.7.0 c94ce9fb468520275223c153574b00df6fe4bcc9 - code,ffmathy
 v4.6.0 dbcb813823bdd20940b903addbd779551569679f - anvilsaba,casey,gh-aw,p-black
docker/metadata-action
 v5.10.0 c299e40c65443455700f0fdfc63efafe5b349051 - code
 v6.2.0 dc802804100637a589fabce1cb79ff13a1411302 - anvilsaba,gh-aw
docker/setup-buildx-action
 v3.11.1 e468171a9de216ec08956ac3ada2f0791b6bd435 - anselmes,code
 v3.12.0 8d2750c68a42422c14e847fe6c8ac0403b4cbd6f - code
 v4.3.0 37fe631027851001ddb9b187196cc803df7f5f0e - anvilsaba,gh-aw
 v4.4.1 f87e5991a6d7451dcb8d9637bfbc97413f497069 - casey,gh-aw,p-black
docker/setup-qemu-action
 v3.6.0 29109295f81e9208d7d86ff1c6c12d2833863392 - anselmes,code
 v4.4.0 99012661954931238ded8c8b007157a8430204e1 - p-cibuildwheel,p-cmake,p-pymongo,p-pyzmq
dorny/paths-filter
 v3.0.2 de90cc6fb38fc0963ad72b210f1f284cd68cea36 - code
 v4.0.1 fbd0ab8f3e69293af611ebaee6363fc25e6d187d - code,p-autogen
erlef/setup-beam
 v1.24.1 54075bcc5e249e4758d363f27d099f55d843f124 - gh-aw,hyperpolymath
github/codeql-action
 v4.38.0 b96794f015dfd88f77b49b1c93e0fa7110f94c63 - gh-aw
 v4.38.2 2892aa5e19bbd11bc0cff5427e3b750a04d9e3c2 - gh-aw,hyperpolymath,p-ansible-community
github/setup-goproxy
 v1.1.0 5e60e1074d42316dfe2949ebf9a92bf77b24645b - gh-actions-lock
github/stale-repos
 v9.0.17 589e3f5e9aca6ec6c2bd978e6c181348907ccbac - gh-aw
 v9.0.19 cd662591ad9d5d8967f84431eb94a45f828c1db3 - gh-aw
golangci/golangci-lint-action
 v6.5.2 55c2c1448f86e01eaae002a5a3a9624417608d84 - cli,code
 v8.0.0 4afd733a84b1f43292c63897423277bb7f4313a9 - code
google-github-actions/auth
 v2.1.13 c200f3691d83b41bf9bbd8638997a462592937ed - code
 v3.0.0 7c6bc770dae815cd3e89ee6cdf493a5fab2cc093 - code,p-ansible-google
google-github-actions/setup-gcloud
 v3.0.1 aa5489c8933f4cc7a4f7d45035b3b1440c9c10db - code,p-ansible-google
goreleaser/goreleaser-action
 v6.4.0 e435ccd777264be153ace6237001ef4d979d3a7a - code
gradle/actions
 v4.4.2 017a9effdb900e5b5b2fddfb590a105619dca3c3 - code
hadolint/hadolint-action
 v3.1.0 54c9adbab1582c2ef04b2016b760714a4bfde3cf - code
hashicorp/setup-terraform
 v3.1.2 b9cd54a3c349d3f38e8881555d616ced269862dd - code
haskell-actions/setup
 v2.11.0 cd0d9bdd65b20557f41bea4dbe43d0b5fbbfe553 - gh-aw
 v2.12.1 0f8e8c99d88aeb3fbfd523f1ef2c6f762d10d64d - gh-aw,hyperpolymath
helm/kind-action
 v1.12.0 a1b0e391336a6ee6713a0583f8c6240d70863de3 - anselmes,code
ilammy/msvc-dev-cmd
 v1.13.0 0b201ec74fa43914dc39ae48a89fd1d8cb592756 - code,p-pycairo
jlumbroso/free-disk-space
 v1.3.1 54081f138730dfa15788a46383842cd2f914a1be - code,ffmathy
msys2/setup-msys2
 v2.32.0 66cd2cce69caa17b53920067426061ca1de3a884 - code,p-pycairo
nick-fields/retry
 v3.0.2 ce71cc2ab81d554ebbe88c79ab5975992d79ba08 - code
 v4.0.0 ad984534de44a9489a53aefd81eb77f87c70dc60 - code
ossf/scorecard-action
 v2.4.3 4eaacf0543bb3f2c246792bd56e8cdeffafb205a - code,p-numpy
 v2.4.4 2d1146689b8cda280b9bc96326124645441f03bc - anselmes,lcv-ideas-software
oven-sh/setup-bun
 v2.2.0 0c5077e51419868618aeaa5fe8019c62421857d6 - ffmathy,gh-aw
peaceiris/actions-gh-pages
 v4.0.0 4f9cc6602d3f66b9c108549d475ec49e8ef4d45e - code
peter-evans/create-or-update-comment
 v5.0.0 e8674b075228eee787fea43ef493e45ece1004c9 - p-black,p-matplotlib
peter-evans/create-pull-request
 v7.0.8 271a8d0340265f705b14b6d32b9829c1cb33d45e - code
 v8.1.1 5f6978faf089d4d20b00c7766989d076bb2fc7f1 - code,noodlemctwoodle,p-cibuildwheel,p-cmake
pnpm/action-setup
 v4.1.0 a7487c7e89a18df4991f7f222e4898a00d66ddda - code
pre-commit/action
 v3.0.1 2c7b3805fd2a0fd8c1884dcaebf91fc102a13ecd - p-black,p-cmake,p-mcp,p-vllm
pypa/cibuildwheel
 v4.2.1 e090b81e30c4d855ea63bf4b6e59204c09a101ae - p-cmake,p-pycairo
pypa/gh-action-pypi-publish
 v1.13.0 ed0c53931b1dc9bd32cbe73a98c7f6766f8a527e - code
 v1.14.0 cef221092ed1bacb1cc03d23a2d87d1d172e277b - hugovk,p-autogen,p-twine
 v1.14.2 dc37677b2e1c63e2034f94d8a5b11f265b73ba33 - p-black,p-cibuildwheel,p-cmake,p-mcp,self
 v1.14.3 7245906fb61fa33a13554f9d5fb856fe61758086 - p-pymongo,p-pyzmq
re-actors/alls-green
 v1.2.2 05ac9388f0aebcb5727afa17fcccfecd6f8ec5fe - p-autogen,p-twine
ruby/setup-ruby
 v1.323.0 984c0c890880bbf811283d6f09c4607c62d210a4 - gh-aw
 v1.327.0 14594264cd68ce8a2345dd349bc3d138a4ef85c8 - gh-aw
sigstore/cosign-installer
 v4.0.0 faadad0cce49287aee09b3a48701e75088a2c6ad - code,p-bandit
softprops/action-gh-release
 v2.3.2 72f2c25fcb47643c292f7107632f7a47c1df5cd8 - code
 v2.6.1 153bb8e04406b158c6c84fc1615b65b24149a1fe - casey,code
step-security/harden-runner
 v2.13.1 f4a75cfd619ee5ce8d5b864b0d183aff3c69b55a - code
 v2.20.1 b09bb98e06d4d774595224525879c09bc6e98c40 - achrinza,anselmes
super-linter/super-linter
 v8.7.0 4ce20838b8ab83717e78138c5b3a1407148e0918 - anselmes,gh-aw
swatinem/rust-cache
 v2 6323deb102c322ba6fcbdcafc7e3dddab59af2b6 v2.9.2 anselmes
 v2.9.2 6323deb102c322ba6fcbdcafc7e3dddab59af2b6 - actix,anvilsaba,casey,hyperpolymath
tj-actions/changed-files
 v47.0.0 24d32ffd492484c1d75e0c0b894501ddb9d30d62 - code
zizmorcore/zizmor-action
 v0.6.4 cc914d7f3750a2d13d75c7f184a1060aa0e9d482 - actix,p-black,p-mcp
"""
