"""Rules for what is taken from hubs and the network: remote code, revisions, formats and hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.pickle_check import check, events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.model import Hit
    from agent_security_hooks.source import Source


@check.rule("trusted-remote-code", point=5)
def trusted_remote_code(file: Source) -> Iterator[Hit]:
    """A model or data set is loaded together with Python code that its owner wrote, and nothing fixes which code that is.

    `trust_remote_code=True`, `torch.hub.load` without a commit, `evaluate.load` of a metric that somebody shares, and `load_dataset("pandas", ...)`, which unpickles.
    Pedantic where a commit is named, where the code lies in a local directory, and where torch.hub asks first.

    Risk: Whoever owns, or takes over, the repository runs commands here with the next push to it.
    Fix: Remove it if the library supports the model by now; or read the code and pin its commit with `revision="COMMIT"` (torch.hub: `"owner/name:COMMIT"`).
    Verify: `git grep -n trust_remote_code=True` shows no line without a commit.

    Bad: (model.py)
        import sys
        from transformers import AutoModelForCausalLM
        model = AutoModelForCausalLM.from_pretrained(sys.argv[1], trust_remote_code=True)

    Good: (model.py)
        import sys
        from transformers import AutoModelForCausalLM
        model = AutoModelForCausalLM.from_pretrained(sys.argv[1])
    """
    return events(file, "trusted-remote-code")


@check.rule("unpinned-model-download", point=5)
def unpinned_model_download(file: Source) -> Iterator[Hit]:
    """A model or data set of the Hugging Face hub is downloaded by its name, and no `revision` says which commit of it.

    Only names that are written in the file count; variables and local directories do not. Branches and tags are no commits: their owner can move them.

    Risk: The owner of the repository, or who takes it over, replaces the weights, the tokenizer or the data with the next push.
    Fix: Pass `revision="COMMIT"`; `git ls-remote https://huggingface.co/OWNER/NAME HEAD` prints the commit.
    Verify: Load the model twice, a week apart: `model.config._commit_hash` is the same.

    Bad: (model.py)
        from transformers import AutoModel
        model = AutoModel.from_pretrained("BAAI/bge-small-en-v1.5")

    Good: (model.py)
        from transformers import AutoModel
        model = AutoModel.from_pretrained("BAAI/bge-small-en-v1.5", revision="5c38ec7c405ec4b44b94cc5a9bb96e735b38267a")
    """
    return events(file, "unpinned-model-download")


@check.rule("unsafe-weights-format", point=5, pedantic=True)
def unsafe_weights_format(file: Source) -> Iterator[Hit]:
    """A loader is told to take pickled weights although there are safe ones, or a saver to write some.

    Risk: Pickled weights run whatever code is in them when they are loaded; safetensors cannot.
    Fix: Remove the keyword, or pass `use_safetensors=True`; convert other weights once, on a machine that holds no secrets.
    Verify: The directory of the model holds `.safetensors` files and no `.bin`, `.pt` or `.h5`.

    Bad: (model.py)
        import sys
        from transformers import AutoModel
        model = AutoModel.from_pretrained(sys.argv[1], use_safetensors=False)

    Good: (model.py)
        import sys
        from transformers import AutoModel
        model = AutoModel.from_pretrained(sys.argv[1], use_safetensors=True)
    """
    return events(file, "unsafe-weights-format")


@check.rule("unverified-model-download", point=5)
def unverified_model_download(file: Source) -> Iterator[Hit]:
    """Weights are fetched from an address, a file share or a gist and then loaded, and nothing compares their hash.

    Risk: Whoever can write there sends other weights, or a file that runs code when it is loaded.
    Fix: Write the sha256 down next to the address and compare it before the file is loaded (`check_hash=True`, `file_hash=`, `known_hash=` where the library does it).
    Verify: Change one digit of the hash: the program must stop.

    Bad: (model.py)
        import torch
        from urllib.request import urlretrieve
        urlretrieve("https://weights.acme.dev/agent.pt", "agent.pt")
        state = torch.load("agent.pt", weights_only=True)

    Good: (model.py)
        import hashlib
        import torch
        from urllib.request import urlretrieve
        urlretrieve("https://weights.acme.dev/agent.pt", "agent.pt")
        with open("agent.pt", "rb") as weights:
            if hashlib.sha256(weights.read()).hexdigest() != "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae":
                raise SystemExit("agent.pt is not what it was")
        state = torch.load("agent.pt", weights_only=True)
    """
    return events(file, "unverified-model-download")
