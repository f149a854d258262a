"""Serves a GGUF file with llama.cpp's own HTTP server, as PyPI's xllamacpp carries it: llama_server.py MODEL"""

import sys
import threading

import xllamacpp

settings = xllamacpp.CommonParams()
settings.model.path = sys.argv[1]
settings.model_alias = ["tiny"] if isinstance(settings.model_alias, (list, set)) else "tiny"
settings.port = 0
settings.n_ctx = 65536
settings.n_parallel = 2
settings.n_gpu_layers = 0
settings.use_jinja = True
server = xllamacpp.Server(settings)
print(f"listening on {server.listening_address}", flush=True)
threading.Event().wait()
