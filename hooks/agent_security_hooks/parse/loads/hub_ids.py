"""Names of repositories on the Hugging Face hub: which texts are some, and which commit of them is in the local cache.

Sources: https://huggingface.co/docs/huggingface_hub/guides/manage-cache and https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from agent_security_hooks.parse.pattern import Pattern

if TYPE_CHECKING:
    from agent_security_hooks.source import Source

MODEL, SENTENCES, DATASET, SPACE = "models", "sentences", "datasets", "spaces"

_OWNED = Pattern(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9_][\w.-]{0,95}")
_BARE = Pattern(r"[A-Za-z0-9][\w.-]{1,95}")
# No model without an owner can be made any more: these are the ones from before there were owners.
_FIRST_MODELS = Pattern(
    r"(?:distil)?(?:bert|roberta)-(?:base|large)(?:-(?:cased|uncased|multilingual-\w+|chinese|german-[\w-]+|finnish-[\w-]+|japanese[\w-]*|mnli|openai-detector)"
    r"(?:-finetuned-(?:sst-2-english|squad|mrpc|conll03-\w+)|-distilled-squad|-whole-word-masking(?:-finetuned-squad)?)?)?|(?:distil)?gpt2(?:-(?:medium|large|xl))?|openai-gpt|t5-(?:small|base|large|3b|11b)|albert-\w+-v[12]"
    r"|xlm-(?:mlm|clm|roberta)-[\w-]+|xlnet-(?:base|large)-cased|camembert-base|ctrl|transfo-xl-wt103"
)
_FIRST_SENTENCE_MODELS = Pattern(
    r"(?:all|paraphrase|multi-qa|msmarco|stsb|nli|nq|quora|clip|sentence-t5|gtr-t5|distiluse|distilbert|distilroberta|bert|roberta|xlm|xlm-r|average_word_embeddings|use-cmlm|static)"
    r"[-_][\w.-]+|LaBSE|allenai-specter|facebook-dpr-[\w-]+"
)
_LOADERS = frozenset(
    "json csv parquet arrow text imagefolder audiofolder videofolder pdffolder niftifolder webdataset pandas sql generator cache xml spark hdf5 lance eval "
    "folder_based_builder".split()
)
"""What `load_dataset` takes for a format of local files."""
_LOCAL_OWNERS = frozenset(
    "model models checkpoint checkpoints ckpt ckpts output outputs result results data dataset datasets saved saved_model saved_models weights pretrained "
    "pretrained_model pretrained_models pretrained_weights tmp temp test tests path paths run runs log logs artifact artifacts cache local out save saves exp exps experiment "
    "experiments trained trained_models train training finetuned fine_tuned lora loras adapters assets resources resource src content dir folder work workspace mnt home root "
    "hf_models llm llms my_models local_models model_cache models_cache tokenizer tokenizers export exports exported build dist bin lib examples example".split()
)
_LOCAL_NAME = Pattern(
    r"(?:checkpoint|ckpt|epoch|step|run|exp)[-_]?\d*|final|best|last|latest|best[-_]model|final[-_]model|(?:.*[-_])?(?:dir|directory|folder|path)"
)
_FILE = Pattern(r"(?i).*\.(?:py|json|jsonl|csv|tsv|txt|bin|pth?|ckpt|safetensors|gguf|h5|onnx|pkl|parquet|arrow|zip|gz|tar|ya?ml|model|vocab|npz?|msgpack)")
COMMIT = Pattern(r"[0-9a-fA-F]{7,64}")
"""A commit; one that is cut short names no other thing tomorrow, and the hub refuses it when it could."""
_FULL_COMMIT = Pattern(rb"[0-9a-f]{40}")
_REF = Pattern(r"[A-Za-z0-9][\w.-]{0,99}")


def hub_id(text: str, kind: str, file: Source) -> str:
    """The repository that a loader of this kind would download for a text; "" if it rather is a local directory or a format's name."""
    if _OWNED.fullmatch(text):
        owner, _, name = text.partition("/")
        local = owner.lower() in _LOCAL_OWNERS or _LOCAL_NAME.fullmatch(name.lower()) or _FILE.fullmatch(name)
        return "" if local or ".." in text or _is_there(text, file) else text
    if not _BARE.fullmatch(text) or _FILE.fullmatch(text) or ".." in text or _is_there(text, file):
        return ""
    if kind == DATASET:
        return "" if text in _LOADERS or text.lower() in _LOCAL_OWNERS or _LOCAL_NAME.fullmatch(text.lower()) else text
    if kind == SENTENCES and _FIRST_SENTENCE_MODELS.fullmatch(text):
        return f"sentence-transformers/{text}"
    return text if _FIRST_MODELS.fullmatch(text) else ""


def is_local(text: str, file: Source) -> bool:
    """Whether a text surely is a path of this machine."""
    return text.startswith((".", "/", "~", "\\")) or text[1:3] in (":\\", ":/") or _is_there(text, file)


def _is_there(text: str, file: Source) -> bool:
    """Whether it is a path in the repository, from its root or from the file."""
    if not text or "\0" in text or len(text) > 300:
        return False
    below = file.path.rpartition("/")[0]
    return file.repository.exists(text) or bool(below) and file.repository.exists(f"{below}/{text}")


def url_of(name: str, kind: str) -> str:
    """Where git finds a repository of the hub."""
    return f"https://huggingface.co/{kind + '/' if kind in (DATASET, SPACE) else ''}{name}"


def is_ref(text: str) -> bool:
    """Whether a text is a plain name of a branch or tag."""
    return _REF.fullmatch(text) is not None


def cached_commit(name: str, kind: str, revision: str = "main") -> str:
    """The commit that a branch or tag of a repository has in this machine's cache; "" without one. Nothing is fetched."""
    if not is_ref(revision):
        return ""
    from agent_security_hooks.source import Skipped, Unreadable, read_bytes

    folder = f"{kind if kind in (DATASET, SPACE) else MODEL}--{name.replace('/', '--')}"
    try:
        content = read_bytes(os.path.join(_cache(), folder, "refs", revision), 100).strip()
    except (Unreadable, Skipped, ValueError, OSError):
        return ""
    return content.decode("ascii") if _FULL_COMMIT.fullmatch(content) else ""


def _cache() -> str:
    of = os.environ.get
    home = of("HF_HOME") or os.path.join(of("XDG_CACHE_HOME") or os.path.join("~", ".cache"), "huggingface")
    return os.path.expanduser(of("HF_HUB_CACHE") or of("HUGGINGFACE_HUB_CACHE") or os.path.join(home, "hub"))
