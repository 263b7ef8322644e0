import { queryOptions } from '@tanstack/react-query';
import { api, dataOf, taggedOf } from './client.ts';

/** Reads about the tenant as a whole. */

export const workspacesQuery = queryOptions({ queryKey: ['workspaces'], queryFn: () => dataOf(api.GET('/api/v1/workspaces')) });

export const limitsQuery = queryOptions({ queryKey: ['limits'], queryFn: () => taggedOf(api.GET('/api/v1/limits')) });
