"""Tokens: sentences with a tag for each token, read, checked and split."""

from cloudautoml.data.tokens.prepare import prepare_tokens
from cloudautoml.data.tokens.prepared import PreparedTokens
from cloudautoml.data.tokens.rows import TokenRows, read_token_rows
from cloudautoml.data.tokens.schema import TokensSchema
from cloudautoml.data.tokens.sentences import Sentences

__all__ = ["PreparedTokens", "Sentences", "TokenRows", "TokensSchema", "prepare_tokens", "read_token_rows"]
