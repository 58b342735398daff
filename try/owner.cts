import { randomInt } from 'node:crypto';

import type { Owner } from '../n8n/prepare.cts';

export function newOwner(): Owner {
	// Loopback is open to everybody who uses this machine, and to pages that find a way there.
	const number = String(randomInt(1e12)).padStart(12, '0');
	return {
		email: 'front.desk@clinic.example',
		firstName: 'Front',
		lastName: 'Desk',
		password: `Try-${number}`,
	};
}
