"""Downloads in code: each form alone passes the look at the bytes, messages show hosts only, and hostile files end in time."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest
from agent_security_hooks.parse.downloads.javascript_code import javascript_events, javascript_problem
from agent_security_hooks.parse.downloads.python_code import python_events, python_problem
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from placeholders import expand

if TYPE_CHECKING:
    from agent_security_hooks.parse.downloads import Event


def events(name: str, code: str | bytes) -> tuple[Event, ...]:
    file = Source(name, code if isinstance(code, bytes) else code.encode(), Repository())
    return python_events(file) if name.endswith(".py") else javascript_events(file)


PYTHON = """\
import requests; requests.get("http://a.acme.dev")
from urllib.request import urlopen; urlopen("http://a.acme.dev")
from urllib.request import urlretrieve; urlretrieve("ftp://a.acme.dev")
import httpx; httpx.get("HTTP://a.acme.dev")
import aiohttp; aiohttp.request("GET", "http://a.acme.dev")
import urllib3; urllib3.request("GET", "http://a.acme.dev")
import wget; wget.download("http://a.acme.dev")
import requests; requests.get("http://" + "a.acme.dev")
import git; git.Repo.clone_from("git://a.acme.dev/x", "x")
import requests; exec(requests.get(u).text)
import requests; eval(requests.get(u).text)
import requests, pickle; pickle.loads(requests.get(u).content)
import requests, marshal; marshal.loads(requests.get(u).content)
from urllib.request import urlretrieve; import subprocess; urlretrieve(u, "a"); subprocess.run(["./a"])
from urllib.request import urlretrieve; import os; urlretrieve(u, "a"); os.system("./a")
from urllib.request import urlretrieve; import os; urlretrieve(u, "a"); os.chmod("a", 0o755)
from urllib.request import urlretrieve; import runpy; urlretrieve(u, "a"); runpy.run_path("a")
from urllib.request import urlretrieve; import ctypes; urlretrieve(u, "a"); ctypes.CDLL("a")
from urllib.request import urlretrieve; import shutil; urlretrieve(u, "a"); shutil.unpack_archive("a")
from urllib.request import urlretrieve; import joblib; urlretrieve(u, "a"); joblib.load("a")
from urllib.request import urlretrieve; import torch; urlretrieve(u, "a"); torch.load("a")
from urllib.request import urlretrieve; import numpy; urlretrieve(u, "a"); numpy.load("a", allow_pickle=True)
from tensorflow.keras.utils import get_file; get_file("a", "https://a.acme.dev/a", untar=True)
from torchvision.datasets.utils import download_and_extract_archive as get; get("https://a.acme.dev/a", "a")
import gdown; gdown.download(id="1", output="net.pth")
import torch; torch.hub.load_state_dict_from_url("https://a.acme.dev/a.pth")
import pandas; pandas.read_pickle("https://a.acme.dev/a")
import requests; requests.get(u, verify=False)
import requests; requests.get(u, verify = False)
import elasticsearch; elasticsearch.Elasticsearch(u, verify_certs=False)
import aiohttp; aiohttp.TCPConnector(ssl=False)
import ssl; c.verify_mode = ssl.CERT_NONE
import ssl; c = ssl.create_default_context(); c.check_hostname = False
import ssl; f = ssl._create_unverified_context
f(cert_reqs="none")
c.setopt(pycurl.SSL_VERIFYPEER, 0)
MongoClient(u, tlsAllowInvalidCertificates=True)
MongoClient(u, tlsInsecure=True)
f(insecure_skip_verify=True)
ldap.set_option(ldap.OPT_X_TLS_REQUIRE_CERT, ldap.OPT_X_TLS_NEVER)
import os; os.environ["NODE_TLS_REJECT_UNAUTHORIZED"] = "0"
import os; os.environ["PYTHONHTTPSVERIFY"] = "0"
import os; os.environ["GIT_SSL_NO_VERIFY"] = "1"
import os; os.environ["CURL_CA_BUNDLE"] = ""
import os; os.environ["NPM_CONFIG_STRICT_SSL"] = "false"
import os; os.environ["PIP_TRUSTED_HOST"] = "a.acme.dev"
import os; os.environ["UV_INSECURE_HOST"] = "a.acme.dev"
["git", "-c", "http.sslVerify=false"]
["curl", "-k", u]
["curl", "-fsSLko", "a", u]
["curl", "--insecure", u]
["wget", "--no-check-certificate", u]
["pip", "install", "--trusted-host", "a.acme.dev"]
["apt-get", "install", "--allow-unauthenticated", "a"]
["apk", "add", "--allow-untrusted", "a"]
["yum", "install", "--nogpgcheck", "a"]
["aws", "--no-verify-ssl", "s3"]
["podman", "pull", "--tls-verify=false", "a"]
"""
JAVASCRIPT = """\
fetch("http://a.acme.dev")
import a from "axios"; a.get("http://a.acme.dev")
import a from "got"; a("http://a.acme.dev")
import a from "ky"; a("http://a.acme.dev")
import a from "http"; a.get("http://a.acme.dev")
import a from "undici"; a.request("http://a.acme.dev")
const a = require("needle"); a.get("http://a.acme.dev")
const a = require("superagent"); a.get("http://a.acme.dev")
const a = new XMLHttpRequest(); a.open("GET", "http://a.acme.dev")
$.get("http://a.acme.dev")
$.ajax({url: "http://a.acme.dev"})
importScripts("http://a.acme.dev")
import("http://a.acme.dev")
fetch("http://" + "a.acme.dev")
eval(await (await fetch(u)).text())
fetch(u).then(a => vm.runInNewContext(a))
fetch(u).then(a => Function(a)())
const a = await fetch(u); fs.writeFileSync("a", a); fs.chmodSync("a", 0o755)
const a = await fetch(u); fs.writeFileSync("a", a); child_process.execFileSync("a")
f({rejectUnauthorized: false})
f({strictSSL: false})
f({checkServerIdentity() {}})
process.env.NODE_TLS_REJECT_UNAUTHORIZED = 0
process.env.GIT_SSL_NO_VERIFY = "1"
f({env: {PYTHONHTTPSVERIFY: "0"}})
f({env: {npm_config_strict_ssl: "false"}})
f({ignoreHTTPSErrors: true})
f(["-c", "http.sslVerify=false"])
"""


@pytest.mark.parametrize("code", PYTHON.strip().split("\n"))
def test_each_python_form_alone(code: str) -> None:
    assert len(events("a.py", code.replace("; ", "\n"))) == 1


@pytest.mark.parametrize("code", JAVASCRIPT.strip().split("\n"))
def test_each_javascript_form_alone(code: str) -> None:
    assert len(events("a.js", code)) == 1


def test_nothing_is_parsed_without_need(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("python_tree", "javascript"):
        monkeypatch.setitem(sys.modules, f"agent_security_hooks.parse.{module}", None)
    assert events("a.py", "# http://a.acme.dev\nimport json, subprocess\nsubprocess.run(['a'])\n") == ()
    assert events("a.py", "import requests\n# http://a.acme.dev\nrequests.get('https://a.acme.dev').json()\n") == ()
    assert events("a.js", "// http://a.acme.dev\nfetch('https://a.acme.dev')\n") == ()


def test_messages_show_hosts_only() -> None:
    code = expand(
        'import requests\nrequests.get("http://me:<secret:password>@a.acme.dev/x?token=<secret:alnum20>")\nexec(requests.get("https://b.acme.dev/?t=<secret:alnum20>").text)\n'
    )
    assert [event.message for event in events("a.py", code)] == [
        "requests.get() fetches from a.acme.dev over http",
        "what was downloaded from b.acme.dev (line 3) is executed, and nothing compared its hash",
    ]
    [event] = events("a.ts", expand("fetch(`http://me:<secret:password>@a.acme.dev/<secret:alnum20>`)"))
    assert event.message == "fetch() fetches from a.acme.dev over http"


def test_positions_in_a_file_with_other_bytes() -> None:
    code = "é = 'ü'; import requests; requests.get(u, verify=False)\r\n".encode()
    [event] = events("a.py", code)
    assert code[event.start : event.end] == b"verify=False"
    code = "const é = 'ü'; f({ rejectUnauthorized: false })\r\n".encode()
    [event] = events("a.ts", code)
    assert code[event.start : event.end] == b"rejectUnauthorized: false"


def test_problems() -> None:
    assert python_problem(Source("a.py", b"print 'x'", Repository())) == ""
    assert python_problem(Source("a.py", b"import requests\nprint 'http://a.acme.dev'", Repository())) == "not valid Python (line 2)"
    assert javascript_problem(Source("a.js", b"a;" * 300_000, Repository())) == ""
    assert javascript_problem(Source("a.js", b"rejectUnauthorized" + b"a;" * 300_000, Repository())) != ""


HOSTILE_PYTHON = [
    "requests.get(u).text\n", "exec(requests.get(u).text)\n", "def f(u):\n    return requests.get(u)\n", "class A:\n  def f(self):\n    self.x = requests.get(self.x)\n",
    "if verify:\n  c.check_hostname = False\n", "u = requests.get(u)\n", "with open(p, 'w') as f: f.write(requests.get(u).content)\n", "X = {1: X}\n", "requests.get(A[x])\n",
    "def f(p):\n  urlretrieve('http://x.io/a.pth', p)\n  f(p)\n", "['curl', '-k'],\n", "os.environ['PYTHONHTTPSVERIFY'] = '0'\n", "http://", "verify ",
]  # fmt: skip
HOSTILE_JAVASCRIPT = [
    "fetch(u).then(r=>eval(r));", "const x = fetch(u);\n", "rejectUnauthorized=false;", "if(ssl){rejectUnauthorized=false}", "=a", "`${", "x.open('GET',u);", "fetch('http://a.acme.dev'+u);",
    "fs.writeFileSync(a,b);exec(a);", "checkServerIdentity:()=>{},", "http://", "axios({url:u});",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE_PYTHON)
def test_hostile_python(piece: str) -> None:
    started = time.process_time()
    events("a.py", "import requests\nrequests.get('http://a.acme.dev')\nexec(requests.get(u).text)\n" + piece * (500_000 // len(piece)))
    assert time.process_time() - started < 2


@pytest.mark.parametrize("piece", HOSTILE_JAVASCRIPT)
def test_hostile_javascript(piece: str) -> None:
    started = time.process_time()
    events("a.js", "import axios from 'axios';fetch('http://a.acme.dev');eval(x);\n" + piece * (500_000 // len(piece)))
    assert time.process_time() - started < 2
