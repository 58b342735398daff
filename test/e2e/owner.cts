/** The person whose n8n it is. */
export const OWNER = {
	email: 'front.desk@clinic.example',
	firstName: 'Front',
	lastName: 'Desk',
	password: 'Correct-horse-7',
};
