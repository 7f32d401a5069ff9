"""A case for every finding and every cap: each is provoked by bytes, none by hand."""
