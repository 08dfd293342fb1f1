def test_answer(fake_client):
    fake_client(api_key="test-key", session_id="7c9e6679-7425-40de-944b-e07fc1f90ae7")
    assert fake_client.password == "changeme"
