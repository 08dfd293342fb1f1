"""What a URL says: schemes and hosts, pins, models."""

from __future__ import annotations

import time

import pytest
from agent_security_hooks.parse.urls import (
    HOLE,
    insecure_scheme,
    is_external,
    is_local_or_private,
    is_pinned,
    is_signed_mirror,
    is_weights_name,
    model_source,
    pin_of,
    share_of,
    split_url,
)
from hypothesis import given
from hypothesis import strategies as st

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("http://files.acme.io/x.tar.gz", "http"),
        ("HTTP://Files.ACME.io", "http"),
        ("  http://files.acme.io", "http"),
        ("ftp://ftp.acme.io/pub/x", "ftp"),
        ("git://git.acme.io/x.git", "git"),
        ("git+http://git.acme.io/x.git", "http"),
        ("git+git://git.acme.io/x.git", "git"),
        ("http://user:word@files.acme.io:8080/x", "http"),
        ("http://8.8.8.8/x", "http"),
        ("http://[2606:4700:4700::1111]/x", "http"),
        ("http://[::ffff:8.8.8.8]/x", "http"),
        ("http://b%C3%BCcher.de/x", "http"),
        ("http://bücher.de/x", "http"),
        ("http://files。acme。io/x", "http"),
        ("http:\\\\files.acme.io/x", "http"),
        ("http://files.acme.io$PATH", "http"),
        ("http://files.acme.io:${PORT}/x", "http"),
        ("http://files.acme.io/${X:-a/b}", "http"),
        ("http://${MIRROR}.acme.io/x", "http"),
        ("http://mirror${N}.acme.io/x", "http"),
        ("http://%s.acme.io/x", "http"),
        ("http://%(sub)s.acme.io/x", "http"),
        ("http://{sub}.acme.io/x", "http"),
        (f"http://{HOLE}.acme.io/x", "http"),
        ("http://169.254.169.254.acme.io/", "http"),
        ("http://localhost.acme.io/", "http"),
        ("http://local.acme.io/", "http"),
        ("http://examples.acme.io/", "http"),
        ("http://notexample.com/", "http"),
        ("http://011.8.8.8/", "http"),
        ("https://files.acme.io/x", ""),
        ("https://files.acme.io/?u=http://acme.io", ""),
        ("git+https://git.acme.io/x.git", ""),
        ("git+ssh://git@acme.io/x.git", ""),
        ("sftp://acme.io/x", ""),
        ("files.acme.io/http://x.acme.io", ""),
        ("http://", ""),
        ("http:///x", ""),
        ("http:files.acme.io", ""),
        ("", ""),
        ("http://localhost", ""),
        ("http://LOCALHOST:8000/x", ""),
        ("http://app.localhost/x", ""),
        ("http://localhost./x", ""),
        ("http://127.0.0.1/", ""),
        ("http://127.1/", ""),
        ("http://2130706433/", ""),
        ("http://0x7f.0.0.1/", ""),
        ("http://0177.0.0.1/", ""),
        ("http://0.0.0.0:80", ""),
        ("http://[::1]:80/", ""),
        ("http://[::]/", ""),
        ("http://[fe80::1%25eth0]/", ""),
        ("http://[fd00::1]/", ""),
        ("http://[::ffff:127.0.0.1]/", ""),
        ("http://[nonsense]/", ""),
        ("http://10.1.2.3/x", ""),
        ("http://172.31.0.1", ""),
        ("http://192.168.0.1", ""),
        ("http://100.100.1.1", ""),
        ("http://169.254.169.254/latest/meta-data/", ""),
        ("http://metadata.google.internal/computeMetadata", ""),
        ("http://printer.local/", ""),
        ("http://db.prod.svc:80/", ""),
        ("http://db.prod.svc.cluster.local", ""),
        ("http://nas.lan", ""),
        ("http://nas.home.arpa", ""),
        ("http://a.test", ""),
        ("http://a.invalid", ""),
        ("http://web:8080/x", ""),
        ("http://testserver/x", ""),
        ("http://example.com/install.sh", ""),
        ("http://www.example.org", ""),
        ("http://mirror.example", ""),
        ("http://your-server.com/x", ""),
        ("http://yourdomain.com/x", ""),
        ("http://mydomain.com/x", ""),
        ("http://www.w3.org/2000/svg", ""),
        ("http://schemas.android.com/apk/res/android", ""),
        ("http://json-schema.org/draft-07/schema#", ""),
        ("http://$HOST/x", ""),
        ("http://${HOST}:80/x", ""),
        ("http://$(hostname)/x", ""),
        ("http://mirror.$DOMAIN/x", ""),
        ("http://{host}/x", ""),
        ("http://%s:%d/x", ""),
        ("http://{{ host }}/x", ""),
        ("http://${{ inputs.host }}/x", ""),
        ("http://<your.host>/x", ""),
        ("http://10.0.{}.1/x", ""),
        ("http://10.0.0.{}/x", ""),
        ("http://acme{suffix}", ""),
        ("http://{svc}.prod.svc.cluster.local/", ""),
    ],
)
def test_insecure_scheme(url: str, scheme: str) -> None:
    assert insecure_scheme(url) == scheme


def test_hosts() -> None:
    assert is_local_or_private("[::1]")
    assert not is_local_or_private("deb.debian.org")
    assert not is_local_or_private("256.1.1.1")
    assert not is_local_or_private("1.2.3.4.5")
    assert not is_external("")
    assert is_external("acme.io")


@pytest.mark.parametrize("host", "deb.debian.org security.debian.org ftp.de.debian.org us.archive.ubuntu.com ports.ubuntu.com dl-cdn.alpinelinux.org".split())
def test_signed_mirrors(host: str) -> None:
    assert is_signed_mirror(host)
    assert not is_signed_mirror(host + ".acme.io")
    assert not is_signed_mirror("x" + host.replace(".", "-"))


def test_parts() -> None:
    parts = split_url("https://u:p@Files.acme.io:443/a/b%20c/${X}.pt?q=1#f")
    assert parts == ("https", "files.acme.io", f"/a/b c/{HOLE}.pt", "q=1", "f")
    assert (parts.steps, parts.file_name) == (["a", "b c", f"{HOLE}.pt"], f"{HOLE}.pt")
    assert split_url("no url") is None


@pytest.mark.parametrize(
    ("url", "pin"),
    [
        (f"https://raw.githubusercontent.com/o/r/{SHA}/install.sh", "commit"),
        (f"https://raw.githubusercontent.com/o/{{repo}}/{SHA.upper()}/install.sh", "commit"),
        (f"https://github.com/o/r/raw/{SHA}/x.sh", "commit"),
        (f"https://github.com/o/r/archive/{SHA}.tar.gz", "commit"),
        (f"https://codeload.github.com/o/r/tar.gz/{SHA}", "commit"),
        (f"https://api.github.com/repos/o/r/tarball/{SHA}", "commit"),
        (f"https://gist.githubusercontent.com/u/0123456789abcdef0123456789abcdef/raw/{SHA}/x.sh", "commit"),
        (f"https://gist.github.com/u/0123/raw/{SHA}", "commit"),
        (f"https://cdn.jsdelivr.net/gh/o/r@{SHA}/x.js", "commit"),
        (f"https://gitlab.com/g/s/r/-/raw/{SHA}/x.sh", "commit"),
        (f"https://git.acme.io/g/r/-/raw/{SHA}/x.sh", "commit"),
        (f"https://bitbucket.org/o/r/raw/{SHA}/x.sh", "commit"),
        (f"https://codeberg.org/o/r/raw/commit/{SHA}/x.sh", "commit"),
        (f"https://huggingface.co/o/m/resolve/{SHA}/model.bin", "commit"),
        (f"https://huggingface.co/datasets/o/m/resolve/{SHA}/x.parquet", "commit"),
        (f"https://git.kernel.org/pub/scm/x.git/plain/f?id={SHA}", "commit"),
        (f"https://acme.googlesource.com/r/+archive/{SHA}.tar.gz", "commit"),
        (f"git+https://github.com/o/r/archive/{SHA}.zip", "commit"),
        ("https://files.acme.io/x.whl#sha256=" + "a" * 64, "digest"),
        ("https://files.acme.io/x.whl#egg=x&sha512=" + "a" * 128, "digest"),
        ("https://files.acme.io/x.zip?checksum=sha256:" + "a" * 64, "digest"),
        ("https://unpkg.com/left-pad@1.3.0/index.js", "version"),
        ("https://cdn.jsdelivr.net/npm/@o/p@1.3.0-rc.1/x.js", "version"),
        ("https://registry.npmjs.org/left-pad/-/left-pad-1.3.0.tgz", "version"),
        (f"http://raw.githubusercontent.com/o/r/{SHA}/install.sh", ""),
        (f"https://raw.githubusercontent.com/o/r/{SHA[:39]}/install.sh", ""),
        (f"https://raw.githubusercontent.com/o/r/v1/{SHA}", ""),
        (f"https://raw.githubusercontent.com/{SHA}/r/main/x", ""),
        ("https://raw.githubusercontent.com/o/r/v1.0.0/install.sh", ""),
        ("https://raw.githubusercontent.com/o/r/${SHA}/install.sh", ""),
        (f"https://github.com/o/r/releases/download/{SHA}/x", ""),
        (f"https://evil.io/raw.githubusercontent.com/o/r/{SHA}/x", ""),
        (f"https://raw.githubusercontent.com@evil.io/o/r/{SHA}/x", ""),
        (f"https://acme.io/x?id={SHA}", ""),
        ("https://unpkg.com/left-pad@^1/index.js", ""),
        ("https://unpkg.com/left-pad", ""),
        ("https://huggingface.co/o/m/resolve/main/model.bin", ""),
        ("https://files.acme.io/x.whl#sha256=abc", ""),
        ("x.sh", ""),
    ],
)
def test_pins(url: str, pin: str) -> None:
    assert pin_of(url) == pin
    assert is_pinned(url) == (pin in ("commit", "digest"))


@pytest.mark.parametrize(
    ("url", "saved_as", "source"),
    [
        ("https://dl.acme.io/models/net.pth", "", "a raw URL"),
        ("https://dl.acme.io/models/net.PT?x=1", "", "a raw URL"),
        ("https://dl.acme.io/{name}.safetensors", "", "a raw URL"),
        ("https://dl.acme.io/get?file=net.ckpt", "", "a raw URL"),
        ("https://dl.acme.io/pytorch_model.bin", "", "a raw URL"),
        ("https://github.com/o/r/releases/download/v1/net.pth", "", "a raw URL"),
        ("https://raw.githubusercontent.com/o/r/main/net.pkl", "", "a raw URL"),
        ("https://drive.google.com/uc?id=1aB", "weights/net.pth", "Google Drive"),
        ("https://www.dropbox.com/s/x/net.h5?dl=1", "", "Dropbox"),
        ("https://gist.githubusercontent.com/u/1/raw/net.onnx", "", "a gist"),
        (f"https://raw.githubusercontent.com/o/r/{SHA}/net.pkl", "", ""),
        ("https://huggingface.co/o/m/resolve/main/model.safetensors", "", ""),
        ("https://download.pytorch.org/models/resnet50-0676ba61.pth", "", ""),
        ("https://drive.google.com/uc?id=1aB", "photos.zip", ""),
        ("https://drive.google.com/uc?id=1aB", "", ""),
        ("https://dl.acme.io/firmware.bin", "", ""),
        ("https://dl.acme.io/.pth", "", ""),
        ("http://localhost:8000/net.pth", "", ""),
        ("s3://bucket/net.pth", "", ""),
        ("net.pth", "", ""),
    ],
)
def test_model_source(url: str, saved_as: str, source: str) -> None:
    assert model_source(url, saved_as) == source


def test_weights_and_shares() -> None:
    assert is_weights_name("a/b/net.pth.tar")
    assert not is_weights_name("a/b/photos.tar")
    assert is_weights_name("C:\\x\\yolo.weights")
    assert share_of("https://x-my.sharepoint.com/y") == "OneDrive"
    assert share_of("net.pth") == ""


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    for url in (text, "http://" + text):
        assert insecure_scheme(url) in ("", "http", "ftp", "git")
        assert pin_of(url) in ("", "commit", "digest", "version")
        model_source(url, text)
        is_local_or_private(text)


@pytest.mark.parametrize("piece", ["${", "{", "%(a", "<", "http://", "a.", "/-/", "a/", "@", "\0", "[", ":", "%41", "$(", "&id=", "9" * 50])
def test_long_urls_take_no_time(piece: str) -> None:
    url = "http://" + piece * (1_000_000 // len(piece))
    started = time.process_time()
    insecure_scheme(url), pin_of(url), pin_of("https" + url[4:]), model_source(url + ".pth", url), is_signed_mirror(url)
    assert time.process_time() - started < 0.5
