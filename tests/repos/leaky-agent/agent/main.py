import os
import sys

from openai import OpenAI

from agent.tools import file_ticket

MODEL = os.environ.get("AGENT_MODEL", "gpt-4o-mini")
MAX_TOKENS = 1024
TOKENIZER = "cl100k_base"

client = OpenAI(api_key="<secret:openai>")


def answer(question: str) -> str:
    reply = client.chat.completions.create(
        model=MODEL,
        max_tokens=MAX_TOKENS,
        messages=[{"role": "user", "content": question}],
    )
    return reply.choices[0].message.content or file_ticket(question)


if __name__ == "__main__":
    print(answer(" ".join(sys.argv[1:])))
