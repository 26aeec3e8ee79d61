"""The language-model experiment: facts, templates, GPT-2 and Llama architectures."""
