"""Figures of matplotlib in the page: `backend_inline` draws and shows them."""
