"""Friends: who asked whom, who may write, what people say of themselves."""
