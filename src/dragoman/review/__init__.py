"""Review: which style fits which surface, from the contracts that a company has.

Documents are read into contracts (:mod:`.reading`), contracts make surfaces and their facts (:mod:`.surfaces`), rules
weigh the facts (:mod:`.verdict`) and look for what does not fit (:mod:`.misfits`), and reports say it (:mod:`.report`).
Nothing here runs a contract, opens a socket or follows an address.
"""
