import pickle

import torch
import yaml
from transformers import AutoModel, AutoTokenizer

EMBEDDER = "nomic-ai/nomic-embed-text-v1"


def load_embedder() -> AutoModel:
    return AutoModel.from_pretrained(EMBEDDER, trust_remote_code=True)


def load_tokenizer() -> AutoTokenizer:
    return AutoTokenizer.from_pretrained("bert-base-uncased", revision="86b5e0934494bd15c9632b12f734a8a67f723594")


def load_head(path: str) -> dict[str, torch.Tensor]:
    return torch.load(path, map_location="cpu")


def load_intents(path: str) -> object:
    with open(path, "rb") as file:
        return pickle.load(file)


def load_settings(path: str) -> dict[str, object]:
    with open(path) as file:
        return yaml.load(file, Loader=yaml.Loader)


def load_labels(path: str) -> list[str]:
    with open(path) as file:
        return yaml.safe_load(file)["labels"]
