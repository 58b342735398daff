import type { IDataObject } from 'n8n-workflow';

import { FakeCliniko, reply, type Answer, type Sent } from '../connection.cts';

let accounts = 0;

/** Jane Citizen as Cliniko shows her. */
export function jane(id: string, more: IDataObject = {}): IDataObject & { id: string } {
	return {
		id,
		first_name: 'Jane',
		last_name: 'Citizen',
		preferred_first_name: null,
		date_of_birth: '1987-05-31',
		email: 'jane@mail.example',
		patient_phone_numbers: [],
		archived_at: null,
		created_at: '2026-03-02T09:00:00Z',
		...more,
	};
}

/**
 * Cliniko with patients, in an account of its own, since the process remembers what it has created. Its
 * list ignores all filters, which are no more than a first choice. What else is asked, the test answers.
 */
export class ClinikoPatients {
	/** Patients whom lists do not show, but their own addresses do. */
	readonly unlisted: IDataObject[] = [];

	/** Answers a request to create or change a patient. */
	write: (sent: Sent, count: number) => Answer | Promise<Answer> = () => reply(500);

	/** Called before a list is answered; may answer in its place. */
	beforeList: (sent: Sent, count: number) => Answer | undefined = () => undefined;

	/** Called before a record is read. */
	beforeRecord: () => void | Promise<void> = () => undefined;

	readonly cliniko: FakeCliniko;

	private writes = 0;

	private lists = 0;

	/** @param other another execution's, whose account and clock it shares */
	constructor(
		readonly rows: IDataObject[] = [],
		other?: ClinikoPatients,
	) {
		this.cliniko = new FakeCliniko((sent) => this.answer(sent), {
			account: other?.api.account ?? `account ${accounts++}`,
			clock: other?.cliniko.clock,
		});
	}

	get api() {
		return this.cliniko.api;
	}

	get pause() {
		return this.cliniko.clock.pause;
	}

	/** The bodies of the requests with this method. */
	bodies(method: 'POST' | 'PATCH'): Array<IDataObject | undefined> {
		return this.cliniko.sent.filter((one) => one.method === method).map(({ body }) => body);
	}

	private answer(sent: Sent): Answer | Promise<Answer> {
		if (sent.method !== 'GET') return this.write(sent, ++this.writes);
		if (sent.path === '/patients') {
			const date = new Date().toUTCString();
			return this.beforeList(sent, ++this.lists) ?? reply(200, { patients: this.rows }, { date });
		}
		return this.record(sent);
	}

	private async record(sent: Sent): Promise<Answer> {
		const all = [...this.rows, ...this.unlisted];
		const found = all.find(({ id }) => sent.path === `/patients/${String(id)}`);
		// As it is now, whatever happens until the reply is read.
		const answer = found ? structuredClone(found) : reply(404);
		await this.beforeRecord();
		return answer;
	}
}
