"""What pages share: menu, data-set picker, cells, links and words of the interface."""
