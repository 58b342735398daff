import { queueFor } from '../../../../../nodes/Cliniko/transport/cliniko/accountQueues.ts';
import { Priority } from '../../../../../nodes/Cliniko/transport/cliniko/requestQueue.ts';
import { Clock } from '../../clock.cts';

const HOUR = 3_600_000;

describe('The queues of accounts', () => {
	it('are the same for the same key, and others for others', () => {
		expect(queueFor('a')).toBe(queueFor('a'));
		expect(queueFor('a')).not.toBe(queueFor('b'));
	});

	it('are dropped some time after their last use', () => {
		const clock = new Clock();
		const queue = queueFor('c');
		clock.time += 5 * 60_000;
		queueFor('d');
		expect(queueFor('c')).toBe(queue);

		clock.time += HOUR;
		queueFor('d');
		expect(queueFor('c')).not.toBe(queue);
	});

	it('are kept as long as a request is in flight', async () => {
		const clock = new Clock();
		const queue = queueFor('e');
		let end = (): void => undefined;
		const sent = queue.send(
			async () => await new Promise((resolve) => (end = () => resolve(undefined))),
			Priority.normal,
			clock.pause,
		);
		await Promise.resolve();
		clock.time += HOUR;
		queueFor('f');

		expect(queueFor('e')).toBe(queue);
		end();
		await sent;
	});
});
