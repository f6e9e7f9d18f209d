"""``raabta publish``: the site, its mirrors, and what is sent."""
