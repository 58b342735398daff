/** The owner account of n8n. */
export const OWNER = {
	email: 'front.desk@clinic.example',
	firstName: 'Front',
	lastName: 'Desk',
	password: 'Correct-horse-7',
};
