"""Words that files hold where the families of hub.py and weights.py may find something; apart from these, so that most files need none of their code."""

from __future__ import annotations

HUB: tuple[bytes, ...] = (
    b"trust_remote_code", b"TRUST_REMOTE_CODE", b"from_pretrained", b"hf_hub_download", b"snapshot_download", b"load_dataset", b"pipeline(", b"SentenceTransformer", b"CrossEncoder",
    b"SparseEncoder", b"HuggingFace", b"from_model_id", b"EngineArgs", b"LLM(", b"torch.hub", b"hub.load", b"evaluate.load", b"import evaluate", b"evaluate import", b"load_lora_weights", b"load_textual_inversion",
    b"load_ip_adapter", b"hf-hub:", b"hf_hub:", b"use_safetensors", b"from_tf", b"from_flax", b"safe_serialization", b"save_safetensors", b"from_hparams",
)  # fmt: skip
WEIGHTS: tuple[bytes, ...] = (
    b"load_state_dict_from_url", b".load_url", b"import load_url", b"load_model", b"load_weights", b"InferenceSession", b"saved_model.load", b"safetensors", b"read_pickle", b"torch.load", b"joblib.load",
    b"pickle.load", b"pickle import load", b"dill.load", b"allow_pickle", b"gdown", b"pooch",
)  # fmt: skip
FETCHES: tuple[bytes, ...] = (
    b"urlopen", b"urlretrieve", b"requests", b"httpx", b"aiohttp", b"urllib3", b"wget", b"get_file", b"download_url", b"load_url", b"load_state_dict_from_url", b"gdown", b"pooch",
    b"read_pickle(", b"cloudscraper", b"curl_cffi", b"niquests",
)  # fmt: skip
