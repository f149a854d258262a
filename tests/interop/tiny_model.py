"""Writes a language model of two megabytes as a GGUF file: tiny_model.py OUT

It knows only which token follows which. Its attention and its feed-forward layer are zero, so what
comes next depends on the last token alone, and the table below is all its weights hold: after a line
it says one sentence and stops; with tools on offer it calls one, and votes where it may vote. That
the arguments are JSON and the names right is the work of the server's grammar.
"""

import sys

import gguf
import numpy as np

# The sentence, as tokens that no text is ever split into: only the model itself writes them.
SENTENCE = ["A\u0120", "small\u0120", "model\u0120", "wrote\u0120", "this\u0120", "sentence"]

# With tools on offer the model's turn begins with a colon, and that is followed by a call.
TEMPLATE = """\
{%- if tools -%}<|turn|>tools
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|end|>
{% endif -%}
{%- for message in messages -%}<|turn|>{{ message.role }}
{% if message.content %}{{ message.content }}{% endif -%}
{%- for call in message.tool_calls or [] %}<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>{% endfor %}<|end|>
{% endfor -%}
{%- if add_generation_prompt -%}<|turn|>assistant
{% if tools %}:{% endif %}{%- endif -%}"""


def letters():
    """GPT-2's printable letter for every byte."""
    plain = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table, more = {}, 0
    for byte in range(256):
        if byte in plain:
            table[byte] = chr(byte)
        else:
            table[byte] = chr(256 + more)
            more += 1
    return table


def main(path):
    byte = letters()
    tokens = [byte[value] for value in range(256)]
    first = len(tokens)
    tokens += SENTENCE + ["\u0120\u0120"]
    merges = ["\u0120 \u0120"]
    control = ["<|end|>", "<|turn|>", "<tool_call>", "</tool_call>"]
    end, turn, opens, closes = range(len(tokens), len(tokens) + len(control))
    kinds = [gguf.TokenType.NORMAL] * len(tokens)
    kinds += [gguf.TokenType.CONTROL] * 2 + [gguf.TokenType.NORMAL] * 2
    tokens += control
    count = len(tokens)
    width = 288

    # What follows what: the first that is allowed wins.
    after = np.full((count, width), 0.0, dtype=np.float32)

    def follows(before, *nexts):
        after[:, before] = 0.0
        for rank, token in enumerate(nexts):
            after[token, before] = 8.0 - 0.5 * rank

    code = {chr(value): value for value in range(128)}
    quote = code['"']
    for value in range(first):
        # A grammar decides what else may come; brackets close before anything begins anew.
        follows(value, quote, code["}"], code[":"], code["{"], end)
    follows(code["\n"], first, code["{"], closes, quote, end)
    follows(quote, first, code["v"], code["n"], code["a"], code["c"], code[":"], code["}"], code[","])
    follows(code["{"], quote)
    follows(code["}"], code["\n"], code["}"])
    follows(code[":"], opens, quote)
    follows(opens, code["\n"], code["{"])
    follows(closes, end)
    last = first + len(SENTENCE) - 1
    for at in range(first, last):
        follows(at, at + 1)
    follows(last, end, quote)

    def zeros(*shape):
        return np.zeros(shape, dtype=np.float32)

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(65536)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(32)
    writer.add_head_count(4)
    writer.add_head_count_kv(4)
    writer.add_rope_dimension_count(width // 4)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(count)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(turn)
    writer.add_eos_token_id(end)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    one = np.zeros((count, width), dtype=np.float32)
    one[np.arange(count), np.arange(count)] = 1.0
    writer.add_tensor("token_embd.weight", one)
    writer.add_tensor("output.weight", after)
    writer.add_tensor("output_norm.weight", np.ones(width, dtype=np.float32))
    for name in ("attn_norm", "ffn_norm"):
        writer.add_tensor(f"blk.0.{name}.weight", np.ones(width, dtype=np.float32))
    for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
        writer.add_tensor(f"blk.0.{name}.weight", zeros(width, width))
    for name, shape in (("ffn_gate", (32, width)), ("ffn_up", (32, width)), ("ffn_down", (width, 32))):
        writer.add_tensor(f"blk.0.{name}.weight", zeros(*shape))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main(sys.argv[1])
