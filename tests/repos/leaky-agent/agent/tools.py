import os

import httpx

DESK = "https://desk.acme.io/api/v2"


def file_ticket(text: str) -> str:
    # worked in the console, so pasted here for now
    headers = {"Authorization": "Bearer <secret:random>"}
    return httpx.post(f"{DESK}/tickets", headers=headers, json={"text": text}).json()["id"]


def search(query: str) -> list[str]:
    headers = {"Authorization": f"Bearer {os.environ['SEARCH_TOKEN']}"}
    return httpx.get(f"{DESK}/search", headers=headers, params={"q": query}).json()
