"""What clients may say: types, inputs, operations. The only package that imports strawberry or graphql."""
