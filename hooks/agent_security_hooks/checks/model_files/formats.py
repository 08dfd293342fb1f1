"""Models that are no pickle: code, commands and foreign files in configurations, graphs, templates and headers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent_security_hooks.checks.model_files import check, concerns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from agent_security_hooks.model import Hit
    from agent_security_hooks.source import Source


@check.rule("dangerous-keras-config", point=5)
def dangerous_keras_config(file: Source) -> Iterator[Hit]:
    """A Keras model (`.keras`, `.h5`, JSON) holds Python code, or has Keras import and call something that is no part of it.

    Risk: Loading the model runs the code of its Lambda layers and calls what `module` and `class_name` name; safe mode has been got round.
    Fix: Write the layer as a class of your own package, registered with `keras.saving.register_keras_serializable`, and save the model again.
    Verify: `keras.models.load_model(path, safe_mode=True)` with a current Keras loads it.

    Bad: (model.json)
        {"module": "keras", "class_name": "Sequential", "config": {"layers": [
          {"module": "subprocess", "class_name": "function", "config": "check_output", "registered_name": "function"}]}}

    Good: (model.json)
        {"module": "keras", "class_name": "Sequential", "config": {"layers": [
          {"module": "keras.layers", "class_name": "Dense", "config": {"units": 3, "activation": "softmax"}, "registered_name": null}]}}
    """
    yield from concerns(file, "dangerous-keras-config")


@check.rule("dangerous-tf-op", point=5)
def dangerous_tf_op(file: Source) -> Iterator[Hit]:
    """A TensorFlow graph (SavedModel, frozen graph, TensorFlow Lite) has an operation that reads or writes files or calls Python.

    Risk: The model reads keys or overwrites programs of whoever serves it, each time it is loaded or asked.
    Fix: Take the operation out of the model, or load only models whose sha256 you have from their author.
    Verify: `saved_model_cli show --dir DIR --all` and `saved_model_cli scan --dir DIR` name no such operation.

    Bad: (saved_model.pb made)
        saved_model("Const", "ReadFile", "Identity")

    Good: (saved_model.pb made)
        saved_model("Const", "MatMul", "MergeV2Checkpoints", "SaveV2", "RestoreV2")
    """
    yield from concerns(file, "dangerous-tf-op")


@check.rule("dangerous-template", point=5)
def dangerous_template(file: Source) -> Iterator[Hit]:
    """A chat template (in GGUF, `tokenizer_config.json`, `*.jinja`) reaches for Python's own objects: `__class__`, `__globals__` ...

    Risk: A server that renders it without a sandbox, as several did, runs the author's commands at the first message.
    Fix: Take the template from the model's author, or write one that uses messages and their fields only.
    Verify: `jinja2.sandbox.ImmutableSandboxedEnvironment` renders it without a SecurityError.

    Bad: (chat_template.jinja)
        {% for message in messages %}{{ message.content }}{% endfor %}{{ cycler.__init__.__globals__.os.popen("id").read() }}

    Good: (chat_template.jinja)
        {% for message in messages %}<|{{ message.role }}|>{{ message.content | trim }}{% endfor %}
    """
    yield from concerns(file, "dangerous-template")


@check.rule("dangerous-onnx-path", point=5)
def dangerous_onnx_path(file: Source) -> Iterator[Hit]:
    """An ONNX model keeps a tensor in a file outside of its own folder.

    Risk: Loading the model reads that file of the machine that loads it, and its results give the content away.
    Fix: Keep the tensors beside the model or in it: `onnx.save_model(model, path, save_as_external_data=False)`.
    Verify: `onnx.checker.check_model(path)` with a current onnx passes.

    Bad: (model.onnx made)
        onnx("../../../etc/passwd")

    Good: (model.onnx made)
        onnx("model.onnx.data")
    """
    yield from concerns(file, "dangerous-onnx-path")


@check.rule("bad-safetensors-header", point=5)
def bad_safetensors_header(file: Source) -> Iterator[Hit]:
    """The header of a safetensors file does not add up: tensors overlap, leave holes, repeat names or reach beyond the file.

    Risk: Readers differ in what they make of it: what was reviewed is not what is loaded, and some read beyond their memory.
    Fix: Fetch the file again and compare its sha256 with the published one; or write it anew with `safetensors.torch.save_file`.
    Verify: `python -c 'import safetensors; safetensors.safe_open("FILE", "np")'` opens it.

    Bad: (model.safetensors made)
        safetensors({"a": tensor("F32", [2], 0, 8), "b": tensor("F32", [2], 4, 12)}, bytes(12))

    Good: (model.safetensors made)
        safetensors({"a": tensor("F32", [2], 0, 8), "b": tensor("F32", [1], 8, 12)}, bytes(12))
    """
    yield from concerns(file, "bad-safetensors-header")


@check.rule("object-array", point=5)
def object_array(file: Source) -> Iterator[Hit]:
    """An array of NumPy (`.npy`, in `.npz`) holds Python objects, which are a pickle.

    Risk: It cannot be read without `allow_pickle=True`, and that runs whatever the pickle says; so does every later change of the file.
    Fix: Save numbers and texts with a type of their own: `numpy.save(path, values.astype(float))`, `astype("U")`; lists as JSON.
    Verify: `python -c 'import numpy; numpy.load("FILE")'` loads it, without `allow_pickle`.

    Bad: (names.npy made)
        npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", pickled("PROTO 4", "EMPTY_LIST", "STOP"))

    Good: (names.npy made)
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", bytes(16))
    """
    yield from concerns(file, "object-array")
