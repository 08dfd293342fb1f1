"""Compose files and development containers: names, variables, flags, mounts, paths of the host, and floods."""

from __future__ import annotations

import contextlib
import time
from itertools import islice

import pytest
from agent_security_hooks.checks.dockerfile_lint import check
from agent_security_hooks.checks.dockerfile_lint.container_values import judge_image
from agent_security_hooks.model import Incomplete
from agent_security_hooks.parse import compose, devcontainer
from agent_security_hooks.parse.containers import UNKNOWN, Containers, read_containers, read_mount, read_volume
from agent_security_hooks.parse.file_kinds import is_compose, is_devcontainer
from agent_security_hooks.parse.host_paths import is_engine_socket, judge_device, judge_path
from agent_security_hooks.parse.json_tree import parse_json
from agent_security_hooks.repository import Repository
from agent_security_hooks.source import Source
from hypothesis import given
from hypothesis import strategies as st


def read(text: str | bytes, path: str = "compose.yaml") -> Containers:
    data = text if isinstance(text, bytes) else text.encode()
    return Source(path, data, Repository()).view(read_containers)


def test_names_of_files() -> None:
    ours = "compose.yml a/compose.yaml compose.prod.yml compose-dev.yaml compose_ci.yml compose2.yml docker-compose.yml Docker-Compose.override.yml docker-compose2.yaml"
    others = "composer.yml decompose.yml compose.yml.md compose.json composed.yaml my-compose.yml compose/x.yml docker-compose.yml.j2"
    assert [name for name in ours.split() if not is_compose(name)] == []
    assert [name for name in others.split() if is_compose(name)] == []
    assert [
        is_devcontainer(name)
        for name in ("devcontainer.json", ".devcontainer.json", ".devcontainer/x/devcontainer.json", "devcontainer.jsonc", "x-devcontainer.json")
    ] == [True] * 3 + [False] * 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("$X", "?"),
        ("${X}/y", "?/y"),
        ("$$X $${X}", "$X ${X}"),
        ("${X:-a}${X-b}", "ab"),
        ("${X:-}", ""),
        ("${X:?no}${X?}", "??"),
        ("${X:+a}b", "b"),
        ("${X:-${Y:-c}d}e", "cde"),
        ("${X:-$HOME/x}", "~/x"),
        ("${HOME}/x", "~/x"),
        ("${HOME:-/root}/x", "~/x"),
        ("$PWD/x", "./x"),
        ("${X:-a}b}", "ab}"),
        ("${X:-a", "a"),
        ("a $ b", "a $ b"),
        ("${}", "${}"),
        ("$", "$"),
    ],
)
def test_variables_of_compose(text: str, value: str) -> None:
    assert compose.interpolate(text).replace(UNKNOWN, "?") == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${localEnv:HOME}${localEnv:USERPROFILE}/.ssh", "~/.ssh"),
        ("${env:HOME}", "~"),
        ("${localEnv:X}", "?"),
        ("${localEnv:X:/etc}", "/etc"),
        ("${localWorkspaceFolder}/x", "./x"),
        ("${localWorkspaceFolderBasename}", "?"),
        ("${containerEnv:HOME}", "?"),
        ("$HOME/x", "~/x"),
        ("a$", "a$"),
    ],
)
def test_variables_of_development_containers(text: str, value: str) -> None:
    assert devcontainer.interpolate(text).replace(UNKNOWN, "?") == value


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        ('["--pid=host", "--pid", "host"]', "pid=host pid=host"),
        ('["-v", "a:b", "-va:b", "-v=a:b", "-itv", "a:b"]', "volume=a:b volume=a:b volume=a:b volume=a:b"),
        ('["-it", "--rm", "--init", "--privileged", "--privileged=false"]', "rm=true init=true privileged=true privileged=false"),
        ('["-e", "A=b", "-eA=b", "--env=A=b", "--net", "x"]', "env=A=b env=A=b env=A=b network=x"),
        ('["--name"]', ""),
        ('["image", "--pid=host"]', ""),
        ('["-", "--pid=host"]', ""),
        ('["--", "--pid=host"]', ""),
        ('["", "--pid=host"]', ""),
    ],
)
def test_flags_of_docker_run(words: str, flags: str) -> None:
    data = words.encode()
    found = list(devcontainer.read_flags(list(parse_json(data).root.elements())))
    assert " ".join(f"{flag.name}={flag.value}" for flag in found) == flags
    for flag in found:
        text = flag.node.text(data)
        assert flag.value == "true" or text.data[flag.skip :].decode() == flag.value
        assert flag.start < flag.end <= len(data)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("/a:/b", "bind /a /b False"),
        ("/a:/b:ro", "bind /a /b True"),
        ("./a:/b:z,readonly", "bind ./a /b True"),
        ("~/a:/b:rw", "bind ~/a /b False"),
        ("name:/b", "volume name /b False"),
        ("/b", "volume  /b False"),
        ("C:\\a:/b:ro", "bind C:\\a /b True"),
        ("c:/a:d:/b", "bind c:/a d:/b False"),
        (f"{UNKNOWN}/a:/b", f"bind {UNKNOWN}/a /b False"),
        ("", "volume   False"),
        (":", "volume   False"),
    ],
)
def test_short_volumes(text: str, parts: str) -> None:
    mount = read_volume(text, 0, 0)
    assert f"{mount.kind} {mount.source} {mount.target} {mount.read_only}" == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("type=bind,source=/a,target=/b", "bind /a /b False"),
        ("Type=Bind, src=/a, dst=/b, readonly", "bind /a /b True"),
        ("src=/a,destination=/b,ro=true", "volume /a /b True"),
        ('type=bind,"source=/a",readonly=false', "bind /a  False"),
        ("", "volume   False"),
    ],
)
def test_mounts_of_docker_run(text: str, parts: str) -> None:
    mount = read_mount(text.replace('"source', "source").replace('a"', "a"), 0, 0)
    assert f"{mount.kind} {mount.source} {mount.target} {mount.read_only}" == parts


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    ("certain", "weak", "nothing"),
    [
        ("/ // /. /etc /etc/ /x/../etc /root /home /home/me /Users/me /var /run /var/run /var/lib/docker", "/var/log /etc/nginx /root/app /var/lib/mysql /run/x", "/x /opt /srv/x /mnt/d . ./etc ../.. x etc"),
        ("~ ~/ ~me ~/.ssh ~/.ssh/id_rsa /root/.aws /home/me/.kube/config ~/.config/gcloud/x ~/.docker ~/.docker/config.json", "~/.claude ~/.config ~/.config/github-copilot", "~/x ~/.ssh/known_hosts ~/.ssh/id.pub ~/.docker/cli-plugins ~/.config/nvim /home/me/src"),
        ("C:\\ c:/ C:/Users C:\\Users\\me /c /mnt/c/Users //c/Windows C:\\Users\\me\\.ssh", "", "C:\\data D:/x /mnt/data /c/src C:\\Users\\me\\src"),
        ("/etc/shadow /etc/ssh/x /etc/ssl/private /etc/kubernetes/pki /proc/kcore", "/etc/docker", "/etc/localtime /etc/ssl/certs/x /usr/share/x /dev/shm /dev/dri/card0 /run/user/1000/x"),
        (f"/home/{UNKNOWN}", "", f"{UNKNOWN} {UNKNOWN}/etc"),
    ],
)  # fmt: skip
def test_paths_of_the_host(certain: str, weak: str, nothing: str, read_only: bool) -> None:
    for paths, expected in ((certain, False), (weak, True), (nothing, None)):
        for path in paths.split(" ") if paths else ():
            exposure = judge_path(path, read_only=read_only)
            assert (exposure.weak if exposure else None) is expected, path


def test_reading_the_system_is_less_than_writing_it() -> None:
    for path, writable, readable in (
        ("/proc", False, True), ("/sys", False, True), ("/usr", False, True), ("/etc/passwd", False, None), ("/etc/cron.d/x", False, True),
        ("/lib/modules", True, None), ("/sys/fs/cgroup", True, None), ("/usr/local/lib/x", True, None),
    ):  # fmt: skip
        assert [exposure.weak if exposure else None for exposure in (judge_path(path), judge_path(path, read_only=True))] == [writable, readable], path


def test_devices_and_sockets() -> None:
    assert [
        judge_device(path) is not None for path in "/dev /dev/sda /dev/sda1 /dev/nvme0n1p2 /dev/mem /dev/mapper/x /dev/dri /dev/sdx/y /dev/null".split()
    ] == [True] * 6 + [False] * 3
    assert [is_engine_socket(path) for path in ("/x/docker.sock", "\\\\.\\pipe\\docker_engine", "/run/podman/podman.sock/", "docker.sock.d", "/docker")] == [
        True
    ] * 3 + [False] * 2


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        ("x", "no tag: the latest"), ("x:latest", "is the latest"), ("h:5000/x", "no tag"), ("x@sha256:v2", "no tag"), ("x:1@sha256:abc", "no fixed image"),
        ("x:1", "no fixed image"), ("h:5000/x:1", "no fixed image"), (f"x:{UNKNOWN}", "no fixed image"), (f"{UNKNOWN}/x", "no fixed image"),
        (f"{UNKNOWN}/x:latest", "the latest"), (UNKNOWN, ""), ("", ""), ("x@sha256:" + 64 * "a", ""), (f"{UNKNOWN}@sha256:" + 64 * "A", ""),
    ],
)  # fmt: skip
def test_images(image: str, problem: str) -> None:
    assert problem in judge_image(image)
    assert bool(problem) == bool(judge_image(image))


def test_a_service_is_read_whole() -> None:
    text = """
services:
  web:
    image: "acme/web:${TAG:-1}"
    privileged: 'no'
    pid: host
    cap_add: [A, B]
    cap_drop: [ALL]
    devices: [/dev/fuse:/dev/fuse:rwm]
    volumes: [{type: bind, source: /a, target: /b, read_only: yes}]
    environment: {A: 1, B: null}
    env_file: a.env
    build: {args: [C=d, E]}
"""
    (container,) = read(text).containers
    assert (container.title, container.builds, container.whole, container.dropped) == ("service web", True, True, ("ALL",))
    assert container.image is not None
    assert container.image.value == "acme/web:1"
    assert [(setting.name, setting.value) for setting in container.settings] == [("privileged", "no"), ("pid", "host")]
    assert [setting.value for setting in container.added] == ["A", "B"]
    assert [(mount.kind, mount.source, mount.target, mount.read_only) for mount in container.mounts] == [
        ("bind", "/a", "/b", True),
        ("device", "/dev/fuse", "/dev/fuse:rwm", False),
    ]
    assert [(variable.name, variable.value(text.encode()).data, variable.place) for variable in container.variables] == [
        ("A", b"1", "environment"),
        ("C", b"d", "build argument"),
    ]
    assert [(setting.value, text[setting.start : setting.end]) for setting in container.env_files] == [("a.env", "a.env")]


def test_what_is_no_compose_file_has_no_containers() -> None:
    for text in ("", "a", "- a", "services:", "services: []", "services: {a: b}", "services: *x", "version: 2\na: {image: x}", "a: {b: {image: x}}"):
        assert read(text) == Containers()
    assert read("{}", "devcontainer.json").containers[0].image is None
    assert read("[]", "devcontainer.json") == read("", "devcontainer.json") == read("services: {a: {image: x}}", "values.yaml") == Containers()


FLOODS = {
    "services": "services:\n" + "".join(f"  s{n}: {{image: x}}\n" for n in range(60_000)),
    "aliased services": "x: &x {image: x}\nservices:\n" + "".join(f"  s{n}: *x\n" for n in range(60_000)),
    "aliased mounts": "x: &x [" + "/etc:/etc, " * 30_000 + "]\nservices:\n" + "".join(f"  s{n}: {{image: x, volumes: *x}}\n" for n in range(2000)),
    "aliased variables": "x: &x {" + "A: b, " * 30_000 + "}\nservices:\n" + "".join(f"  s{n}: {{image: x, environment: *x}}\n" for n in range(2000)),
    "merged maps": "x: &x {a: b}\ny: &y [" + "*x, " * 10_000 + "]\nservices:\n" + "".join(f"  s{n}: {{image: x, <<: *y}}\n" for n in range(2000)),
    "chained merges": "".join(f"x{n}: &x{n} {{<<: *x{n - 1}, a{n}: b}}\n" for n in range(5000)) + "services:\n" + "".join(f"  s{n}: {{image: x, <<: *x4999}}\n" for n in range(2000)),
    "variables": "services: {a: {image: '" + "${A:-" * 100_000 + "', command: x}}",
    "closed variables": "services: {a: {image: '" + "${A:-" * 50_000 + "}" * 50_000 + "'}}",
    "colons": "services: {a: {image: x, volumes: ['" + ":" * 300_000 + "', '" + "a:" * 100_000 + "', '" + "~" * 300_000 + "']}}",
    "template": "services: {a: [\n" + "{{" * 200_000,
    "tags": "services: {a: [\n" + "{% " * 200_000,
}  # fmt: skip


@pytest.mark.parametrize("name", FLOODS)
def test_floods_end_soon(name: str) -> None:
    file = Source("compose.yaml", FLOODS[name].encode(), Repository())
    start = time.process_time()
    found = file.view(read_containers)
    for rule in check.rules:
        if rule.name in RULES:
            with contextlib.suppress(Incomplete):
                for _ in islice(rule.run(file), 1001):
                    pass
    assert time.process_time() - start < 2
    assert len(found.containers) <= 5000
    if name.startswith("aliased") or name == "services":
        assert found.error == "more than 50,000 settings; the rest was not looked at"


RULES = "docker-socket privileged-container host-namespace sensitive-mount dangerous-capability unconfined-profile secret-in-compose env-file-tracked unpinned-compose-image".split()
WORDS = [
    *"services a image build privileged true volumes / /etc:/etc environment A=b cap_add ALL env_file security_opt label: disable pid host extends runArgs mounts".split(),
    *"&a *a << : , [ ] { } - ' \" | > ${ $ :- ~ \\ \t # é null ! -- -v --pid = type=bind,source=/ containerEnv dockerComposeFile".split(),
    *(": ", "\n", "\n  ", "\n    - ", "<<: *a", "&a "),
]  # fmt: skip


@given(
    st.lists(st.sampled_from(WORDS), max_size=40).map("".join),
    st.sampled_from(["compose.yml", "devcontainer.json"]),
    st.sampled_from(["", "services:\n  a:\n    ", '{"']),
)
def test_any_text(text: str, path: str, before: str) -> None:
    file = Source(path, (before + text).encode(), Repository())
    found = file.view(read_containers)
    for rule in check.rules:
        if rule.name not in RULES:
            continue
        names_error = bool(found.error) and rule.name == "privileged-container"
        with pytest.raises(Incomplete) if names_error else contextlib.nullcontext():
            for hit in rule.run(file):
                assert 0 <= hit.start <= hit.end <= len(file.data)
                assert hit.message
