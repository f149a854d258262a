"""OpenAI's own client against `massgen-tui serve`: models, answers whole and streamed, errors, leaving."""

import sys

import openai

url, token = sys.argv[1:]
client = openai.OpenAI(base_url=f"{url}/v1", api_key=token, max_retries=0, timeout=60)

models = [model.id for model in client.models.list()]
assert "demo:quick" in models, models
assert client.models.retrieve("demo:quick").id == "demo:quick"

conversation = [
    {"role": "system", "content": "Answer in one sentence."},
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "Why is the sky blue?"},
]
whole = client.chat.completions.create(model="demo:quick", messages=conversation)
answer = whole.choices[0].message.content
assert answer and whole.choices[0].finish_reason == "stop"
assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 0

content, reasoning, usage = "", "", None
stream = client.chat.completions.create(
    model="demo:quick", messages=conversation, stream=True, stream_options={"include_usage": True}
)
for chunk in stream:
    usage = chunk.usage or usage
    if chunk.choices:
        delta = chunk.choices[0].delta
        content += delta.content or ""
        reasoning += getattr(delta, "reasoning_content", None) or ""
assert content == answer, (content, answer)
assert "published" in reasoning and usage.total_tokens > 0

quiet = client.chat.completions.create(
    model="demo:quick", messages=conversation, stream=True, extra_body={"massgen": {"progress": "comments"}}
)
assert "".join(chunk.choices[0].delta.content or "" for chunk in quiet if chunk.choices) == answer


def refused(kind, **more):
    try:
        client.chat.completions.create(**{"model": "demo:quick", "messages": conversation, **more})
    except kind as error:
        assert error.body["message"], error
    else:
        raise AssertionError(f"{more} was not refused")


refused(openai.NotFoundError, model="no-such-team")
refused(openai.BadRequestError, n=2)
refused(openai.BadRequestError, messages=[{"role": "assistant", "content": "x"}])
try:
    openai.OpenAI(base_url=f"{url}/v1", api_key="wrong", max_retries=0).models.list()
except openai.AuthenticationError:
    pass
else:
    raise AssertionError("a wrong key came in")
print(f"{len(models)} teams; {len(answer)} characters; {usage.total_tokens} tokens")
