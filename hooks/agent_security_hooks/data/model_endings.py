"""Endings of file names under which models, checkpoints and pickled data are kept."""

MODEL_ENDINGS = frozenset(
    "pkl pickle pck pk p pt pth pt2 ptl ckpt bin joblib dill npy npz h5 hdf5 keras onnx ort gguf ggml safetensors tflite lite pb mar nemo model msgpack flax "
    "orbax pdparams pdmodel pdiparams caffemodel mlmodel engine plan t7 weights 7z".split()
)
