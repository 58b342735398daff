import type { Owner } from '../../n8n/prepare.cts';

/** The owner account of n8n. */
export const OWNER: Owner = {
	email: 'front.desk@clinic.example',
	firstName: 'Front',
	lastName: 'Desk',
	password: 'Correct-horse-7',
};
