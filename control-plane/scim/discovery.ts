import type { JsonObject } from './json.ts';
import { GROUP_SCHEMA } from './group-resource.ts';
import { LIST_SCHEMA } from './paging.ts';
import { USER_SCHEMA } from './user-resource.ts';

/** What this service does of SCIM (RFC 7643, 5 to 7): no bulk, no sorting, no passwords. */
export function serviceProviderConfig(baseUrl: string): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true }, bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 }, filter: { supported: true, maxResults: 200 },
    changePassword: { supported: false }, sort: { supported: false }, etag: { supported: true },
    authenticationSchemes: [{ type: 'oauthbearertoken', name: 'API key', description: 'An API key with the scope scim:manage, as a bearer token', primary: true }],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}

export function resourceTypes(baseUrl: string): JsonObject {
  const resources = [['User', '/Users', USER_SCHEMA], ['Group', '/Groups', GROUP_SCHEMA]].map(([name = '', endpoint = '', schema = '']) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'], id: name, name, endpoint, schema, meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${name}` },
  }));
  return list(resources);
}

/** The attributes that are kept; others are accepted and dropped. */
export function schemas(baseUrl: string): JsonObject {
  return list([
    schema(baseUrl, USER_SCHEMA, 'User', [
      text('userName', { required: true, uniqueness: 'server' }), text('externalId', { caseExact: true }), text('displayName'), text('locale'),
      { ...text('active'), type: 'boolean' },
      { ...text('name'), type: 'complex', subAttributes: [text('givenName'), text('familyName')] },
      { ...text('emails'), type: 'complex', multiValued: true, subAttributes: [text('value'), text('type'), { ...text('primary'), type: 'boolean' }] },
      { ...text('groups'), type: 'complex', multiValued: true, mutability: 'readOnly', subAttributes: [text('value'), text('display')] },
    ]),
    schema(baseUrl, GROUP_SCHEMA, 'Group', [
      text('displayName', { required: true, uniqueness: 'server' }), text('externalId', { caseExact: true }),
      { ...text('members'), type: 'complex', multiValued: true, subAttributes: [text('value')] },
    ]),
  ]);
}

function schema(baseUrl: string, id: string, name: string, attributes: JsonObject[]): JsonObject {
  return { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'], id, name, attributes, meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${id}` } };
}

function text(name: string, more: JsonObject = {}): JsonObject {
  return { name, type: 'string', multiValued: false, required: false, caseExact: false, mutability: 'readWrite', returned: 'default', uniqueness: 'none', ...more };
}

function list(resources: readonly JsonObject[]): JsonObject {
  return { schemas: [LIST_SCHEMA], totalResults: resources.length, startIndex: 1, itemsPerPage: resources.length, Resources: resources };
}
