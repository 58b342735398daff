import type { Resource } from '../operation';
import { create } from './create';

export const communication: Resource = {
	name: 'Communication',
	value: 'communication',
	defaultOperation: 'create',
	operations: [create],
};
