"""Python calls that load models and data sets of the Hugging Face hub and of torch.hub: whose code they run, and at which revision.

Sources: https://huggingface.co/docs/transformers/custom_models, https://huggingface.co/docs/datasets/loading and https://pytorch.org/docs/stable/hub.html
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from agent_security_hooks.parse.downloads import Event
from agent_security_hooks.parse.loads.calls import Given
from agent_security_hooks.parse.loads.hub_ids import COMMIT, DATASET, MODEL, SENTENCES, SPACE, cached_commit, hub_id, is_local, is_ref, url_of
from agent_security_hooks.parse.pattern import Pattern
from agent_security_hooks.parse.python_tree import constant_text
from agent_security_hooks.parse.urls import HOLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.parse.loads.calls import Calls, Use
    from agent_security_hooks.parse.python_tree import Scope

_DEPTH = 6
_NAMES = 20


def hub_events(calls: Calls) -> Iterator[Event]:
    """The events of trusted-remote-code, unpinned-model-download and unsafe-weights-format; they need every call of the file."""
    hub = _Hub(calls)
    hub.note_arguments()
    for use in calls.uses:
        if use.call is not None:
            yield from hub.call(use, use.call)
    if b"trust_remote_code" in calls.tree.text.data or b"TRUST_REMOTE_CODE" in calls.tree.text.data:
        yield from hub.settings()


class Form(NamedTuple):
    """How a loader is called: position and keywords of the repository's name, and what it is a repository of."""

    position: int = 0
    names: tuple[str, ...] = ("pretrained_model_name_or_path", "model_name_or_path", "model_id", "repo_id", "model_name", "model")
    kind: str = MODEL


_PRETRAINED = Form()
_ADAPTER = Form(1, ("model_id", "pretrained_model_name_or_path"))
_REPOSITORY = Form(0, ("repo_id",))
_DATASET = Form(0, ("path",), DATASET)
_SENTENCES = Form(0, ("model_name_or_path", "model_name", "model"), SENTENCES)
_KEYWORD = Form(-1, ("model_name", "model", "model_id"), SENTENCES)
_ENGINE = Form(0, ("model",))
_FORMS: dict[str, Form] = {
    **dict.fromkeys(("datasets.load_dataset", "datasets.load.load_dataset", "load_dataset", "datasets.load_dataset_builder", "load_dataset_builder"), _DATASET),
    **dict.fromkeys(("transformers.pipeline", "transformers.pipelines.pipeline", "pipeline"), Form(1, ("model",))),
    **dict.fromkeys(
        ("vllm.LLM", "vllm.EngineArgs", "vllm.AsyncEngineArgs", "vllm.engine.arg_utils.AsyncEngineArgs", "vllm.engine.arg_utils.EngineArgs"), _ENGINE
    ),
    "sglang.Engine": Form(-1, ("model_path",)),
    "SentenceTransformer": _SENTENCES,
    "CrossEncoder": _SENTENCES,
}
# By the last part of the name, where the rest of it cannot mislead.
_LAST: dict[str, Form] = {
    "hf_hub_download": _REPOSITORY, "snapshot_download": _REPOSITORY, "from_pretrained_keras": _REPOSITORY, "from_pretrained_fastai": _REPOSITORY,
    "SentenceTransformer": _SENTENCES, "CrossEncoder": _SENTENCES, "SparseEncoder": _SENTENCES,
    "HuggingFaceEmbeddings": _KEYWORD, "HuggingFaceBgeEmbeddings": _KEYWORD, "HuggingFaceInstructEmbeddings": _KEYWORD, "HuggingFaceEmbedding": Form(0, ("model_name",), SENTENCES),
    "HuggingFaceLLM": Form(-1, ("model_name",)), "from_model_id": Form(0, ("model_id",)), "SentenceTransformersTextEmbedder": _SENTENCES, "SentenceTransformersDocumentEmbedder": _SENTENCES,
    "SentenceTransformerEmbeddingFunction": _SENTENCES,
    "load_lora_weights": _PRETRAINED, "load_textual_inversion": _PRETRAINED, "load_ip_adapter": _PRETRAINED, "from_hparams": Form(0, ("source",)),
}  # fmt: skip
_LIBRARIES = frozenset(
    "transformers diffusers peft sentence_transformers optimum tokenizers trl adapters huggingface_hub setfit span_marker gliner unsloth auto_gptq awq gptqmodel pyannote speechbrain "
    "datasets vllm langchain_huggingface langchain_community langchain llama_index haystack chromadb haystack_integrations open_clip lightning_ir sglang intel_extension_for_transformers".split()
)
# Hubs of their own.
_OTHER_HUBS = frozenset(
    "modelscope paddlenlp paddle ppdiffusers mindspore mindnlp mindformers openmind seaborn nemo efficientnet_pytorch torchvision openxlab".split()
)
_CLASS = Pattern(
    r"_*(?:Auto[A-Z]\w*|AutoencoderKL|UNet\w+"
    r"|[A-Z]\w*?(?:Tokenizer(?:Fast)?|For[A-Z]\w+|Processor|Pipeline|FeatureExtractor|Config|Model(?:WithProjection)?|LMHeadModel|Scheduler|Transformer))"
)
_PLACEHOLDER = Pattern(r"(?i)(?:your|my|some)[-_]?(?:user)?(?:name|org|organi[sz]ation|account|hf)?[-_]?(?:name|id)?/.*|(?:user(?:name)?|owner|namespace)/.*")
_TORCH_HUB = {"torch.hub.load": "load", "torch.hub.list": "list", "torch.hub.help": "help"}
_GITHUB = Pattern(r"(?P<repository>[\w.-]{1,100}/[\w.-]{1,100})(?::(?P<ref>.{1,200}))?")
_TEST = Pattern(r"(?i)(?:^|/)(?:tests?|testing|test_utils)/|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.(?:py|ipynb)$")
_TEXTS_OF_TRUE = frozenset(("1", "true", "yes", "on"))
_NOT_RUN = ("add_argument", "set_defaults", "assert_called_with", "assert_called_once_with", "assert_any_call", "assert_has_calls", "add_option")
# Which keyword makes a loader take pickles, or a saver write some, when it is set to what.
_FORMATS = {
    "use_safetensors": (False, "use_safetensors=False takes pickled weights even where safe ones are there", "remove it, or write use_safetensors=True"),
    "from_tf": (True, "from_tf=True takes TensorFlow weights, which may hold code", "load safetensors: convert the weights once with save_pretrained"),
    "from_flax": (True, "from_flax=True takes Flax weights, which have no safe format", "load safetensors: convert the weights once with save_pretrained"),
    "safe_serialization": (False, "safe_serialization=False writes pickled weights, which run code when they are loaded", "remove it: safetensors is the default"),
    "save_safetensors": (False, "save_safetensors=False writes pickled weights, which run code when they are loaded", "remove it: safetensors is the default"),
}  # fmt: skip


class _Hub:
    """The questions about one file's calls."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.tree = calls.tree
        self.file = calls.file
        self._saved: frozenset[str] | None = None
        self._mentions_library = any(word in calls.tree.text.data for word in (b"transformers", b"diffusers", b"peft"))
        self._arguments: dict[ast.AST, Use] = {}
        """Dictionaries that stand in a call's arguments."""
        self._spread: set[ast.AST] = set()
        """Values of dictionaries whose entries a call takes by `**`: what they are is said of the call."""
        self._entries: dict[ast.AST | None, tuple[dict[str, ast.expr] | None, Scope]] = {}

    def note_arguments(self) -> None:
        """Notes the dictionaries that calls are given."""
        for use in self.calls.uses:
            if use.call is None:
                continue
            self._arguments.update((given, use) for given in use.call.args if isinstance(given, ast.Dict))
            for keyword in use.call.keywords:
                if keyword.arg is None:
                    entries, _ = self.entries(keyword.value, use.scope)
                    self._spread.update([entries["trust_remote_code"]] if entries and "trust_remote_code" in entries else ())
                elif isinstance(keyword.value, ast.Dict):
                    self._arguments[keyword.value] = use

    # --- what is known of expressions ---

    def value(self, node: ast.AST | None, scope: Scope, depth: int = 0) -> tuple[ast.AST | None, Scope]:
        """The expression behind names that are bound once. Parameters and class attributes keep their names: callers choose what they are."""
        if not isinstance(node, (ast.Name, ast.Attribute)) or depth >= _DEPTH:
            return node, scope
        found = self.calls.bound(node, scope)
        if isinstance(node, ast.Attribute):
            found = [(binding, owner) for binding, owner in found if owner.kind == "function" or node.attr.isupper()]
        if len(found) != 1 or found[0][0].kind != "value":
            return node, scope
        return self.value(found[0][0].value, found[0][1], depth + 1)

    def constant(self, given: Given) -> ast.Constant | None:
        """The constant that an argument is, here or by its name."""
        node, _ = self.value(given.node, given.scope)
        return node if isinstance(node, ast.Constant) else None

    def text(self, given: Given) -> str:
        """The text of an argument, where there is one and it is certain; "" else."""
        node, scope = self.value(given.node, given.scope)
        if isinstance(node, ast.Constant):
            return constant_text(node)
        if node is None or not isinstance(node, (ast.JoinedStr, ast.BinOp, ast.Subscript)):
            return ""
        names = [each for each, _ in zip(ast.walk(node), range(200)) if isinstance(each, ast.Name)]
        if len(names) > _NAMES or any(self._is_open(each, scope) for each in names):
            return ""
        texts = self.calls.text.of(node, scope)
        return texts[0] if len(texts) == 1 and HOLE not in texts[0] else ""

    def _is_open(self, node: ast.Name, scope: Scope) -> bool:
        found = self.calls.bound(node, scope)
        return len(found) != 1 or found[0][0].kind != "value"

    def is_true(self, given: Given) -> bool:
        """Whether an argument is surely true."""
        return given.node is not None and self.calls.truth(given.node, given.scope) is True

    def entries(self, node: ast.expr, scope: Scope) -> tuple[dict[str, ast.expr] | None, Scope]:
        """The entries of a dictionary that is written out, here or by its name; each is taken apart once."""
        held, owner = self.value(node, scope)
        if held not in self._entries:
            self._entries[held] = self.calls.dictionary(held, owner) if isinstance(held, ast.expr) else (None, scope)
        return self._entries[held]

    def given(self, use: Use, *names: str, position: int = -1) -> Given:
        """The argument that a call has by one of some names, in a dictionary after `**` too, or at a position."""
        is_open = False
        for call in (use.call, use.partial):
            if call is None:
                continue
            found = [keyword.value for name in names for keyword in call.keywords if keyword.arg == name]
            if found:
                return Given(found[0], use.scope)
            for keyword in call.keywords:
                entries, scope = self.entries(keyword.value, use.scope) if keyword.arg is None else ({}, use.scope)
                if entries is None:
                    is_open = True
                elif name := next((name for name in names if name in entries), ""):
                    return Given(entries[name], scope)
            if any(isinstance(each, ast.Starred) for each in call.args[: position + 1]):
                is_open = True
            elif 0 <= position < len(call.args):
                return Given(call.args[position], use.scope)
        return Given(None, use.scope, is_open)

    # --- calls ---

    def call(self, use: Use, call: ast.Call) -> Iterator[Event]:
        """The events of one call."""
        last = call.func.attr if isinstance(call.func, ast.Attribute) else use.name.rpartition(".")[2]
        form = self._form(use.name, last)
        runs_code = False
        for event in self._running(use, call, last, form):
            runs_code = runs_code or not event.pedantic
            yield event
        for keyword in call.keywords:
            wanted = _FORMATS.get(keyword.arg or "")
            if wanted is None or last in _NOT_RUN or self.calls.truth(keyword.value, use.scope) is not wanted[0]:
                continue
            constant = self.constant(Given(keyword.value, use.scope))
            if constant is None or constant.value is not None:  # None leaves it to the library
                yield Event(*self._span(call, keyword), "unsafe-weights-format", wanted[1], wanted[2])
        # Whoever runs the code of a repository is told there to name a commit.
        if form is not None and not runs_code:
            yield from self._download(use, call, form)
        elif use.name == "timm.create_model":
            yield from self._timm(use, call)

    def _span(self, call: ast.Call, to: ast.AST | None) -> tuple[int, int]:
        """From the start of a call to the end of one of its arguments, if that stands in it."""
        start, end = self.tree.span(call)
        last = self.tree.span(to)[1] if to is not None else end
        return start, last if start < last <= end else end

    def _form(self, name: str, last: str) -> Form | None:
        root = name.partition(".")[0].removesuffix("()")
        if root in _OTHER_HUBS:
            return None
        if last == "from_pretrained":
            klass = name.removesuffix(".from_pretrained").rpartition(".")[2]
            if root in _LIBRARIES or _CLASS.fullmatch(klass) or not name and self._mentions_library:
                return _ADAPTER if klass.startswith("Peft") else _PRETRAINED
            return None
        if name in _FORMS:
            return _FORMS[name]
        return _LAST.get(last) if root in _LIBRARIES or root == last or last.startswith("load_") or not name else None

    # --- code that is run ---

    def _running(self, use: Use, call: ast.Call, last: str, form: Form | None) -> Iterator[Event]:
        trust = self.given(use, "trust_remote_code")
        direct = next((keyword for keyword in call.keywords if keyword.arg == "trust_remote_code"), None)
        if last not in _NOT_RUN and not (direct is not None and direct.value in self._spread) and self.is_true(trust):
            model = self.given(use, *(form or _PRETRAINED).names, position=(form or _PRETRAINED).position)
            yield self._trusted(self._span(call, direct), self._code_revision(use), self.text(model), (form or _PRETRAINED).kind)
        if use.name in _TORCH_HUB:
            yield from self._torch_hub(use, call)
        elif use.name in _DATASETS:
            path = self.given(use, "path", position=0)
            if self.text(path) == "pandas":
                message = 'load_dataset("pandas", ...) unpickles its files, which runs the code in them'
                yield Event(
                    *self._span(call, path.node), "trusted-remote-code", message, 'write the data as parquet and load it with load_dataset("parquet", ...)'
                )
        elif use.name in ("evaluate.load", "evaluate.loading.load"):
            yield from self._evaluate(use, call)

    def _code_revision(self, use: Use) -> str:
        return self.text(self.given(use, "code_revision")) or self.text(self.given(use, "revision"))

    def _trusted(self, span: tuple[int, int], revision: str, text: str = "", kind: str = MODEL) -> Event:
        name = hub_id(text, kind, self.file) if text else ""
        whose = name or "the model's repository"
        if COMMIT.fullmatch(revision):
            return Event(*span, "trusted-remote-code", f"trust_remote_code=True runs the Python in {whose}, though at a fixed commit", _REVIEWED, True)
        if text and is_local(text, self.file):
            return Event(*span, "trusted-remote-code", "trust_remote_code=True runs the Python that lies in the model's directory", _REVIEWED, True)
        fix = f"remove it, or read the code and pin its commit: {self._pin(name, kind)}" if name else ""
        return Event(*span, "trusted-remote-code", f"trust_remote_code=True runs the Python in {whose} at no fixed commit", fix)

    def _torch_hub(self, use: Use, call: ast.Call) -> Iterator[Event]:
        given = self.given(use, "repo_or_dir", "github", position=0)
        found = _GITHUB.fullmatch(self.text(given))
        source = self.given(use, "source")
        if found is None or (source.node is not None or source.is_open) and self.text(source) != "github":
            return
        ref, repository = found["ref"] or "", found["repository"]
        if COMMIT.fullmatch(ref):
            return
        trust = self.given(use, "trust_repo")
        constant = self.constant(trust)
        asks = constant is not None and (constant.value is False or constant.value == "check")
        where = f"its branch or tag {ref[:60]}" if ref.isprintable() and ref else "its default branch"
        named = ref if is_ref(ref) else "HEAD"
        message = f"{use.name} runs hubconf.py of {repository} at {where}, which can be moved"
        if asks:
            message += ", after a question that is answered once for all commits"
        fix = f'write "{repository}:COMMIT" and skip_validation=True; git ls-remote https://github.com/{repository} {named} prints the commit'
        yield Event(*self._span(call, given.node), "trusted-remote-code", message, fix, asks)

    def _evaluate(self, use: Use, call: ast.Call) -> Iterator[Event]:
        path = self.given(use, "path", position=0)
        text = self.text(path)
        if not text or is_local(text, self.file) or text.endswith(".py") or self._is_fixed(self.given(use, "revision")):
            return
        owned = "/" in text
        name = hub_id(text, SPACE, self.file) if owned else f"evaluate-metric/{text}" if text.replace("_", "").isalnum() else ""
        if name:
            message = f"evaluate.load runs the Python in {name} at no fixed commit"
            yield Event(*self._span(call, path.node), "trusted-remote-code", message, self._pin(name, SPACE), not owned)

    def settings(self) -> Iterator[Event]:
        """`trust_remote_code` in dictionaries, and where it is assigned."""
        for node, scope in self.tree.nodes():
            if isinstance(node, ast.Dict):
                yield from self._entry(node, scope)
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], (ast.Subscript, ast.Attribute)):
                target = node.targets[0]
                name = constant_text(target.slice) if isinstance(target, ast.Subscript) else target.attr
                if name == "trust_remote_code" and isinstance(target, ast.Subscript) and self._switches_on(node.value, scope):
                    yield self._trusted(self.tree.span(node), "")
                elif name == "HF_DATASETS_TRUST_REMOTE_CODE" and self._switches_on(node.value, scope):
                    message = f"{name} lets every data set run its own Python"
                    yield Event(*self.tree.span(node), "trusted-remote-code", message, 'remove it, and pass revision="COMMIT" where a data set is loaded')

    def _entry(self, node: ast.Dict, scope: Scope) -> Iterator[Event]:
        for key, value in zip(node.keys, node.values):
            if key is None or constant_text(key) != "trust_remote_code" or value in self._spread or not self._switches_on(value, scope):
                continue
            own = next((each for name, each in zip(node.keys, node.values) if constant_text(name) in ("code_revision", "revision")), None)
            revision = self.text(Given(own, scope))
            if node in self._arguments:
                revision = revision or self._code_revision(self._arguments[node])
            yield self._trusted((self.tree.span(key)[0], self.tree.span(value)[1]), revision)

    def _switches_on(self, node: ast.expr, scope: Scope) -> bool:
        """As a setting: a text that describes it does not count."""
        constant = self.constant(Given(node, scope))
        return constant is not None and (constant.value is True or constant.value == 1 or str(constant.value).lower() in _TEXTS_OF_TRUE)

    # --- what is downloaded ---

    def _download(self, use: Use, call: ast.Call, form: Form) -> Iterator[Event]:
        given = self.given(use, *form.names, position=form.position)
        text = self.text(given)
        if not text:
            return
        kind = {"dataset": DATASET, "space": SPACE}.get(self.text(self.given(use, "repo_type")), form.kind)
        name = hub_id(text, kind, self.file)
        if not name or _PLACEHOLDER.fullmatch(name) or self.is_true(self.given(use, "local_files_only")) or self._is_saved(text):
            return
        revision = self._revision(use)
        if self._is_fixed(revision):
            return
        shown = self.text(revision)
        moving = f"revision {shown[:40]}, which can be moved" if shown.isprintable() and shown else "no fixed commit"
        test = _TEST.search(self.file.path) is not None
        start, end = self._span(call, given.node)
        yield Event(start, end, "unpinned-model-download", f"{name} is downloaded at {moving}", self._pin(name, kind, shown or "main"), test)

    def _timm(self, use: Use, call: ast.Call) -> Iterator[Event]:
        """`timm.create_model("hf_hub:OWNER/NAME@REVISION")`."""
        given = self.given(use, "model_name", position=0)
        head, _, rest = self.text(given).partition(":")
        text, _, revision = rest.partition("@")
        name = hub_id(text, MODEL, self.file) if head in ("hf-hub", "hf_hub") else ""
        if name and not COMMIT.fullmatch(revision):
            fix = f'write "{head}:{name}@COMMIT"; git ls-remote {url_of(name, MODEL)} HEAD prints it'
            yield Event(*self._span(call, given.node), "unpinned-model-download", f"{name} is downloaded at no fixed commit", fix)

    def _revision(self, use: Use) -> Given:
        """What is given as the revision, here or in the keyword arguments that are handed on."""
        given = self.given(use, "revision")
        if given.node is not None or given.is_open:
            return given
        inner = self.given(use, "model_kwargs")
        if inner.node is None:
            return given
        entries, scope = self.entries(inner.node, inner.scope)
        return inner._replace(is_open=True, node=None) if entries is None else inner._replace(node=entries.get("revision"), scope=scope)

    def _is_fixed(self, revision: Given) -> bool:
        """Whether a revision is a commit, or is something that the file does not tell."""
        if revision.node is None:
            return revision.is_open
        text = self.text(revision)
        return COMMIT.fullmatch(text) is not None if text else self.constant(revision) is None

    def _pin(self, name: str, kind: str, revision: str = "main") -> str:
        commit = cached_commit(name, kind, revision)
        if commit:
            return f'pass revision="{commit}", which is {revision} in the local cache'
        shown = revision if revision != "main" and is_ref(revision) else "HEAD"
        return f'pass revision="COMMIT"; git ls-remote {url_of(name, kind)} {shown} prints it'

    def _is_saved(self, text: str) -> bool:
        """Whether the file writes a directory of that name itself."""
        if self._saved is None:
            saved = set()
            for use in self.calls.uses:
                method = use.call.func.attr if use.call is not None and isinstance(use.call.func, ast.Attribute) else ""
                if method in _SAVERS:
                    saved.add(self.text(self.given(use, "save_directory", "output_dir", "name", position=0)))
                saved.update(self.text(self.given(use, name)) for name in ("output_dir", "local_dir", "save_directory"))
            self._saved = frozenset(saved)
        return text in self._saved


_DATASETS = frozenset(("datasets.load_dataset", "datasets.load.load_dataset", "load_dataset"))
_SAVERS = frozenset(("save_pretrained", "save_to_disk", "save_model", "save", "makedirs", "mkdir"))
_REVIEWED = "read that code, then ignore this finding with a reason; or use a model that needs none"
