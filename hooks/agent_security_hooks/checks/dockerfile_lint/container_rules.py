"""The rules for compose files and development containers. What they find is worked out in modules that only such a file loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.dockerfile_lint import check
from agent_security_hooks.parse.file_kinds import is_compose, is_devcontainer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.model import Hit
    from agent_security_hooks.source import Source


def found(file: Source, module: str, rule: str) -> Iterator[Hit]:
    """What the function of a rule finds in a file that describes containers; nothing in others."""
    if is_compose(file.path) or is_devcontainer(file.path):
        from importlib import import_module

        yield from getattr(import_module(f"agent_security_hooks.checks.dockerfile_lint.{module}"), rule)(file)


@check.rule("docker-socket", point=6)
def docker_socket(file: Source) -> Iterator[Hit]:
    """A container is given the socket of the container engine.

    Risk: Whoever runs code in the container starts a privileged one next to it, and so is root on the host; a read-only mount (`:ro`) changes nothing.
    Fix: Remove the mount; where a program has to see containers, let it talk to a socket proxy that allows only the calls that it needs.
    Verify: `docker compose config | grep -n docker.sock` prints nothing.

    Bad: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            volumes:
              - /var/run/docker.sock:/var/run/docker.sock:ro

    Good: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            environment:
              DOCKER_HOST: tcp://socket-proxy:2375
    """
    return found(file, "containers", "docker_socket")


@check.rule("privileged-container", point=6)
def privileged_container(file: Source) -> Iterator[Hit]:
    """A container runs privileged: with every capability, every device and no confinement.

    Risk: Root in it is root on the host: one `mount` of the host's disk is enough.
    Fix: Remove it; give the one device (`devices:`) or capability (`cap_add:`) that the program needs.
    Verify: `docker inspect --format '{{.HostConfig.Privileged}}' CONTAINER` prints false.

    Bad: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            privileged: true

    Good: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            devices:
              - /dev/fuse
    """
    return found(file, "containers", "privileged_container")


@check.rule("host-namespace", point=6)
def host_namespace(file: Source) -> Iterator[Hit]:
    """A container shares a namespace with the host: its network, processes, shared memory or user IDs.

    Risk: The wall between the container and the host has a door: services on localhost, other processes and their memory are within reach.
    Fix: Remove it; publish the ports that are needed (`ports:`), share with one other service (`pid: service:NAME`, `ipc: shareable`), or raise `shm_size`.
    Verify: `docker inspect --format '{{.HostConfig.NetworkMode}} {{.HostConfig.PidMode}} {{.HostConfig.IpcMode}}' CONTAINER` does not print host.

    Bad: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            network_mode: host

    Good: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            ports:
              - 127.0.0.1:8080:8080
    """
    return found(file, "containers", "host_namespace")


@check.rule("sensitive-mount", point=6)
def sensitive_mount(file: Source) -> Iterator[Hit]:
    """A container is given a directory of the host that holds its system, everybody's files or somebody's keys.

    Risk: What runs in the container reads the keys, or writes what the host will run as root.
    Fix: Mount the one directory of the project that is needed, read-only (`:ro`) if it is only read; pass keys as secrets.
    Verify: `docker inspect --format '{{range .Mounts}}{{println .Source}}{{end}}' CONTAINER` lists only paths of the project.

    Bad: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            volumes:
              - ~/.ssh:/root/.ssh:ro

    Good: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            volumes:
              - ./workspace:/workspace
              - cache:/root/.cache
    """
    return found(file, "containers", "sensitive_mount")


@check.rule("dangerous-capability", point=6)
def dangerous_capability(file: Source) -> Iterator[Hit]:
    """A container is given a Linux capability that leads out of it.

    Risk: With SYS_ADMIN, SYS_MODULE, DAC_READ_SEARCH and the like, root in the container becomes root on the host.
    Fix: Remove it; start from nothing (`cap_drop: [ALL]`) and add the few that the program fails without.
    Verify: `docker inspect --format '{{.HostConfig.CapAdd}}' CONTAINER` prints none of them.

    Bad: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            cap_add:
              - SYS_ADMIN

    Good: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            cap_drop:
              - ALL
            cap_add:
              - NET_BIND_SERVICE
    """
    return found(file, "containers", "dangerous_capability")


@check.rule("unconfined-profile", point=6)
def unconfined_profile(file: Source) -> Iterator[Hit]:
    """A container runs without the filter for system calls, AppArmor or SELinux.

    Risk: Hundreds of system calls that Docker blocks are open again, and with them the kernel's bugs.
    Fix: Remove it; where one call is missing, allow that one in a profile of your own (`seccomp=./profile.json`).
    Verify: `docker inspect --format '{{.HostConfig.SecurityOpt}}' CONTAINER` does not print unconfined or disable.

    Bad: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            security_opt:
              - seccomp:unconfined

    Good: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            security_opt:
              - no-new-privileges:true
    """
    return found(file, "containers", "unconfined_profile")


@check.rule("secret-in-compose", point=1, covers="span")
def secret_in_compose(file: Source) -> Iterator[Hit]:
    """A secret stands in the environment or the build arguments of a container.

    Risk: Whoever can read the repository has it, and whoever may run `docker inspect` on the host.
    Fix: Read it from the environment (`${DB_PASSWORD:?}`) or pass it as a secret (`secrets:` and a variable that ends in _FILE), and replace the one that was written down.
    Verify: Run the hook again; it is silent.

    Bad: (docker-compose.yml)
        services:
          db:
            image: postgres:16.4
            environment:
              POSTGRES_PASSWORD: <secret:random>

    Good: (docker-compose.yml)
        services:
          db:
            image: postgres:16.4
            environment:
              POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?}
    """
    return found(file, "container_values", "secret_in_compose")


@check.rule("env-file-tracked", point=1)
def env_file_tracked(file: Source) -> Iterator[Hit]:
    """The env file of a service holds real values, and git tracks it.

    Risk: Every clone, fork and mirror of the repository has the values; deleting the file later leaves them in the history.
    Fix: Take the file out of the index (`git rm --cached -- FILE`), list it in .gitignore, commit a template in its place, and replace every value in it.
    Verify: `git ls-files -- '*.env'` lists templates only.

    Bad: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            env_file: .env

    Good: (docker-compose.yml)
        services:
          agent:
            image: acme/agent:1.4
            env_file:
              - path: .env.local
                required: false
    """
    return found(file, "container_values", "env_file_tracked")


@check.rule("unpinned-compose-image", point=3)
def unpinned_compose_image(file: Source) -> Iterator[Hit]:
    """A container runs whatever an image's name stands for on the day it is pulled.

    Risk: Whoever can push to that name, or takes it over, runs code in your environment; two machines run two different images.
    Fix: Write the digest behind the tag (`postgres:16.4@sha256:...`) and let Renovate or Dependabot update both.
    Verify: `docker buildx imagetools inspect IMAGE` prints the digest that the file names.

    Bad: (docker-compose.yml)
        services:
          db:
            image: postgres:latest

    Good: (docker-compose.yml)
        services:
          db:
            image: postgres:16.4@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    """
    return found(file, "container_values", "unpinned_compose_image")
