import { TestEnvironment } from 'jest-environment-node';

/**
 * Jest's Node environment, which also tells the hooks of a test file what has failed: see
 * failures.cts.
 */
export default class extends TestEnvironment {
	handleTestEvent({ name }: { name: string }): void {
		if (name === 'test_start') this.global.testHasFailed = false;
		if (name === 'test_fn_failure' || name === 'hook_failure') {
			this.global.testHasFailed = true;
			this.global.hasFailed = true;
		}
	}
}
