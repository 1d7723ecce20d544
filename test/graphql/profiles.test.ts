import { describe, expect, it } from 'vitest';
import { testApp } from '../support/test-app.ts';

const CREATE = `mutation ($input: CreateProfileInput!) { createProfile(input: $input) {
  __typename ... on Profile { id externalId firstName denylist { all email } addresses { edges { node { channel value original } } } } ... on Error { message code } ... on InvalidInputError { field } } }`;

describe('profiles', () => {
  it('are created with canonical addresses', async () => {
    const app = await testApp();
    const answer = await app.graphql(CREATE, {
      input: { firstName: 'Ann', addresses: [{ channel: 'EMAIL', value: ' Ann@Example.COM ' }] },
    });
    expect(answer.errors).toBeUndefined();
    expect(answer.data.createProfile).toMatchObject({ firstName: 'Ann', addresses: { edges: [{ node: { value: 'ann@example.com' } }] } });
  });
});
