"""The description of an API: values that know no transport and do no I/O."""
