import type { Resource } from '../operation';
import { find } from './find';

export const contact: Resource = {
	name: 'Contact',
	value: 'contact',
	defaultOperation: 'find',
	operations: [find],
};
